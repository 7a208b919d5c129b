import { onCellsByProgram } from './own-program.ts';

onCellsByProgram({
  name: 'pyarrow',
  folder: 'python',
  command: ['dist/venv/bin/python', 'pyarrow_fs.py'],
  version: ['requirements.txt', /^pyarrow==(\S+)/m],
});
