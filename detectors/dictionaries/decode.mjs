// SPDX-License-Identifier: Apache-2.0
// Prints the words of the scientific-terms trie, one a line, sorted; runs where the npm packages are installed.
import fs from 'node:fs';
import zlib from 'node:zlib';
import { iteratorTrieWords, importTrie } from 'cspell-trie-lib';

const packed = fs.readFileSync('node_modules/@cspell/dict-scientific-terms-us/dict/custom_scientific_US.trie.gz');
const root = importTrie(zlib.gunzipSync(packed).toString('utf8').split('\n'));
const words = [];
for (const word of iteratorTrieWords(root)) words.push(word);
words.sort();
process.stdout.write(words.join('\n') + '\n');
