/**
 * Where our definitions, which are those of TA-Lib, differ from those of the peers: MACD's fast average begins with the slow one and its line
 * shows with its signal, the first true range is that of the second bar, RSI of a flat window is 0. `[text of check.py, what it becomes]`.
 */
const TA_LIB: readonly (readonly [string, string])[] = [
  ['macd = sma_ema(c,12)-sma_ema(c,26)', 'macd = np.concatenate([np.full(14, np.nan), sma_ema(c[14:],12)])[:len(c)]-sma_ema(c,26)'],
  ['sig[25:] = sma_ema(macd[25:],9)', 'sig[25:] = sma_ema(macd[25:],9); macd[np.isnan(sig)] = np.nan'],
  ['atr = wilder(tr,14)', 'atr = np.concatenate([[np.nan], wilder(tr[1:],14)])'],
  ['np.where(u+w==0, 50,', 'np.where(u+w==0, 0,'],
];

/** A Python program that runs the check of the peers, its first argument, with our definitions. */
export const CHECK_AS_TA_LIB = `
import sys
path = sys.argv.pop(1)
text = open(path).read()
for was, now in ${JSON.stringify(TA_LIB)}:
    if text.count(was) != 1: sys.exit('the check of the peers is not the one that is known: no ' + was)
    text = text.replace(was, now)
exec(compile(text, path, 'exec'))
`;
