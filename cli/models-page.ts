import { cardShape } from '../operators/onnx/card.ts';
import { textCardShape } from '../operators/sentiment_onnx/card.ts';
import { page, parameterTable } from './pages.ts';
import { parametersOf } from './reference.ts';

const EXAMPLE = `{
  "format": "millrace-model",
  "version": 1,
  "name": "trees",
  "sha256": "069936ff379b34d8fc5622e17d8a611dc2c9f81d58e226399b9405282c46a8c1",
  "features": ["return_1", "volatility_10"],
  "horizons": [{ "horizon": "7d", "p_up": "probabilities[1]", "lower": "lower" }]
}`;

const MODEL = `- **One input**, float32, of two axes: rows, left open, and as many features as the card names. Features are asked as float32 whatever the columns are:
  train on float32, or a tree may send a row to the other side of a threshold. A model of float64 is refused.
- **Outputs** that the card names are tensors of float32 or float64, of one axis or two, one row a row. \`probabilities[1]\` is the second column of one; a name alone is
  its only column. Outputs that the card does not name, such as \`label\`, are not asked for.
- **No lists of maps**: converters of scikit-learn and LightGBM give those for a classifier unless \`zipmap\` is off.
- **Rows that lack a feature** (null or NaN) get null answers or leave on \`rejected\`, and the model is not believed about them.
- **Rows that it fails on**, such as a number that it looks up in a table and does not find, get null answers with \`missing_features\` 0, and the rows beside them their own.
  A model that does not answer a row of zeros either parks its task.
- **The names of its features** lie in it too, as \`millrace.features\` among its \`metadata_props\`: a list in JSON, in the order in which it takes them. A card that names others,
  or in another order, is told before anything starts: rename columns with \`select\`, not in the card. \`millrace train\` writes them, and so does \`card.py\` of the trees.
  A model without them is taken as its card says, and swapped names go unnoticed where their types fit.
- **One file**: weights that lie in another file beside it (\`save_as_external_data\`) are pinned by no hash, and refused. Save the model as one.
- Any operators and versions that the installed \`onnxruntime-node\` knows.`;

/** `docs/models.md`: what `predict` and `sentiment_onnx` take. */
export function modelsPage(): string {
  return page(
    '# Models',
    '`predict` asks a model in ONNX, whoever made it. Beside the file lies its card, `direction.onnx.json` for `direction.onnx`: what goes in, what comes out, and which file it is of. `millrace train` writes both; [trees from LightGBM](../examples/trees) shows how they are written in Python. `millrace check` reads both and tells each fault at its line; what it does not see is whether a column of the right name means what the model learned.',
    '## The model',
    MODEL,
    '## The card',
    `\`\`\`json\n${EXAMPLE}\n\`\`\``,
    parameterTable(parametersOf(cardShape)).replace('| parameter |', '| key |'),
    '## A model that is trained again',
    'Overwrite both files and start again: rows from then on are answered by the new one, and say so (`model_hash`); what was answered before stays, also where a run that crashed is gone on with. Or name the new file under `versions:` and switch while it runs, or under `shadow:` to see how it does.',
    '## A text classifier',
    '`sentiment_onnx` asks a transformer with its tokenizer, `tokenizer.json` of Hugging Face. The model takes int64 `input_ids` and `attention_mask`, and `token_type_ids` where it has them, of two axes that are both left open; it gives one number a label, before the softmax. Its card, beside the model too, names the tokenizer by its SHA-256 (`sha256sum tokenizer.json`): a model that is read with the words of another gives answers, and wrong ones. Rows say both hashes (`model_hash`, `tokenizer_hash`). Before anything starts it is asked about one row of `max_tokens`, so that a number beyond its positions is told at once; a text that it fails on later has a null label and says why (`failure`).',
    parameterTable(parametersOf(textCardShape)).replace('| parameter |', '| key |'),
  );
}
