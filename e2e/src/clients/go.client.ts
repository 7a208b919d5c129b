import { onCellsByProgram } from './own-program.ts';

onCellsByProgram({
  name: 'go',
  folder: 'go',
  command: ['./dist/client'],
  version: ['go.mod', /aws-sdk-go-v2\/service\/s3 v(\S+)/],
});
