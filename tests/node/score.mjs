// Scores the rows of a JSON file with an exported model and prints every output: node score.mjs MODEL ROWS
import { readFileSync } from "node:fs";
import * as ort from "onnxruntime-web";

const [model, rows] = process.argv.slice(2);
const { numeric, categorical } = JSON.parse(readFileSync(rows, "utf8"));
const width = (matrix) => (matrix.length ? matrix[0].length : 0);
const missingToNaN = (value) => (value === null ? NaN : value);

ort.env.wasm.numThreads = 1;
const session = await ort.InferenceSession.create(readFileSync(model), { executionProviders: ["wasm"] });
const outputs = await session.run({
  numeric: new ort.Tensor("float32", numeric.flat().map(missingToNaN), [numeric.length, width(numeric)]),
  categorical: new ort.Tensor("int32", categorical.flat(), [categorical.length, width(categorical)]),
});
const plain = Object.entries(outputs).map(([name, { dims, data }]) => [name, { dims, data: Array.from(data, Number) }]);
console.log(JSON.stringify(Object.fromEntries(plain)));
