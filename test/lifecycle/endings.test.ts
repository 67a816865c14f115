import { ONE_POLLER } from '../support/reactors.js';
import { checkEndings } from './endings.js';

checkEndings(ONE_POLLER);
