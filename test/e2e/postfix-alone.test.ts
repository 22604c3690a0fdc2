import { postfixAlone } from './postfix-alone-tests.ts';

postfixAlone('bookworm');
