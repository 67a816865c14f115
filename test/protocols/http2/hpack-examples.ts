/** The examples of RFC 7541 appendix C. */

export interface Example {
  readonly block: string;
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** The size of the dynamic table afterwards. */
  readonly tableBytes: number;
}

const REQUEST: Example['fields'] = [
  [':method', 'GET'],
  [':scheme', 'http'],
  [':path', '/'],
  [':authority', 'www.example.com'],
];
const SECURE: Example['fields'] = [
  [':method', 'GET'],
  [':scheme', 'https'],
  [':path', '/index.html'],
  [':authority', 'www.example.com'],
  ['custom-key', 'custom-value'],
];

function redirect(status: string): Example['fields'] {
  return [
    [':status', status],
    ['cache-control', 'private'],
    ['date', 'Mon, 21 Oct 2013 20:13:21 GMT'],
    ['location', 'https://www.example.com'],
  ];
}
const OK: Example['fields'] = [
  [':status', '200'],
  ['cache-control', 'private'],
  ['date', 'Mon, 21 Oct 2013 20:13:22 GMT'],
  ['location', 'https://www.example.com'],
  ['content-encoding', 'gzip'],
  ['set-cookie', 'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1'],
];

function requests(...blocks: [string, string, string]): Example[] {
  return [
    { block: blocks[0], fields: REQUEST, tableBytes: 57 },
    { block: blocks[1], fields: [...REQUEST, ['cache-control', 'no-cache']], tableBytes: 110 },
    { block: blocks[2], fields: SECURE, tableBytes: 164 },
  ];
}

function responses(...blocks: [string, string, string]): Example[] {
  return [
    { block: blocks[0], fields: redirect('302'), tableBytes: 222 },
    { block: blocks[1], fields: redirect('307'), tableBytes: 222 },
    { block: blocks[2], fields: OK, tableBytes: 215 },
  ];
}

/** Blocks that one decoder reads, by section. */
export const EXAMPLES: Readonly<Record<string, readonly Example[]>> = {
  'C.2.1': [
    {
      block: '400a637573746f6d2d6b65790d637573746f6d2d686561646572',
      fields: [['custom-key', 'custom-header']],
      tableBytes: 55,
    },
  ],
  'C.2.2': [
    {
      block: '040c2f73616d706c652f70617468',
      fields: [[':path', '/sample/path']],
      tableBytes: 0,
    },
  ],
  'C.2.3': [
    {
      block: '100870617373776f726406736563726574',
      fields: [['password', 'secret']],
      tableBytes: 0,
    },
  ],
  'C.2.4': [{ block: '82', fields: [[':method', 'GET']], tableBytes: 0 }],
  'C.3': requests(
    '828684410f7777772e6578616d706c652e636f6d',
    '828684be58086e6f2d6361636865',
    '828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565',
  ),
  'C.4': requests(
    '828684418cf1e3c2e5f23a6ba0ab90f4ff',
    '828684be5886a8eb10649cbf',
    '828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf',
  ),
  'C.5': responses(
    '4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d546e1768747470733a2f2f7777772e6578616d706c652e636f6d',
    '4803333037c1c0bf',
    '88c1611d4d6f6e2c203231204f637420323031332032303a31333a323220474d54c05a04677a69707738666f6f3d4153444a4b48514b425a584f5157454f50495541585157454f49553b206d61782d6167653d333630303b2076657273696f6e3d31',
  ),
  'C.6': responses(
    '488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3',
    '4883640effc1c0bf',
    '88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007',
  ),
};

/** Sections whose decoder has a table of 256 bytes. */
export const SMALL_TABLE: readonly string[] = ['C.5', 'C.6'];
