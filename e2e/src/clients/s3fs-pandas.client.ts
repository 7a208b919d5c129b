import { onCellsByProgram } from './own-program.ts';

onCellsByProgram({
  name: 's3fs-pandas',
  folder: 'python',
  command: ['dist/venv/bin/python', 's3fs_pandas.py'],
  version: ['requirements.txt', /^s3fs==(\S+)/m],
});
