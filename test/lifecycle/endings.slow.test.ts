import { OTHER_POLLERS } from '../support/reactors.js';
import { checkEndings } from './endings.js';

checkEndings(OTHER_POLLERS);
