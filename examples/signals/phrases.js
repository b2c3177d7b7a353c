/** The companies of the seeded set, which do not exist. */
export const COMPANIES = [
  { symbol: 'ALDR', name: 'Aldrin Motors', aliases: ['Aldrin Motors', 'Aldrin'], price: 84 },
  { symbol: 'BEXL', name: 'Bexley Foods', aliases: ['Bexley Foods', 'Bexley'], price: 132 },
  { symbol: 'CORV', name: 'Corvane Power', aliases: ['Corvane Power', 'Corvane'], price: 57 },
];

/** What is said of one company: A is its name, N a number. */
export const OF_ONE = {
  1: [
    'A Q2 net profit jumps N pc on strong demand',
    'A shares surge N pc after record quarterly sales',
    'A wins $N million order, stock rallies',
    'Brokerage upgrades A to buy, sees N pc upside',
    'A beats estimates, raises full-year guidance by N pc',
    'A hits 52-week high as margins improve',
    'Strong demand to boost A earnings, says analyst',
    'A gains N pc on robust export growth',
    'A revenue rises N pc, profit tops forecasts',
  ],
  [-1]: [
    'A Q2 net loss widens, revenue falls N pc',
    'A shares plunge N pc after profit warning',
    'Brokerage downgrades A to sell on weak outlook',
    'A misses estimates as costs rise N pc',
    'A slumps to 52-week low on margin pressure',
    'A stock tumbles N pc after regulator opens probe',
    'A cuts full-year guidance, stock sinks N pc',
    'Weak demand hurts A, profit drops N pc',
    'A declines N pc on plant shutdown',
  ],
  0: [
    'A to hold board meeting on Friday',
    'A names new head of human resources',
    'A to consider raising $N million through bonds',
    'A schedules annual general meeting for the 14th',
    'A to announce Q2 results next week',
  ],
};

/** What is said of two at once: good for A, bad for B. */
export const OF_TWO = ['A gains as B slumps N pc', 'A surges N pc while B falls on weak results', 'Buy A, sell B, says brokerage'];

export const OF_NONE = ['Oil prices steady in thin trade', 'Central bank keeps rates unchanged', 'Rain expected over the weekend'];

/** Not in English. */
export const FOREIGN = 'Bei A bricht der Gewinn im zweiten Quartal um N Prozent ein';

/** How a headline comes again from others. */
export const AGAIN = [(text) => text, (text) => `${text} - report`, (text) => `UPDATE 1-${text}`];
