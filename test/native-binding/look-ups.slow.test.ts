import { checkHostile } from './hostile.js';

checkHostile([['look-ups of any name', 'look-ups']]);
