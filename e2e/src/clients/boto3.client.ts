import { onCellsByProgram } from './own-program.ts';

onCellsByProgram({
  name: 'boto3',
  folder: 'python',
  command: ['dist/venv/bin/python', 'boto3_sdk.py'],
  version: ['requirements.txt', /^boto3==(\S+)/m],
});
