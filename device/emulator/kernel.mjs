// Steps the WebAssembly kernels over a job file: node kernel.mjs KERNEL.wasm JOB.bin TRACE.bin
// The files are described in device/lowering/trendel_lowering/homes/job.py.
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";

const JOB_MAGIC = 0x424a5254;
const TRACE_MAGIC = 0x52545254;
const COLD_START = 1;
const PAGE = 65536;

const [wasmPath, jobPath, tracePath] = process.argv.slice(2);
const module = new WebAssembly.Module(readFileSync(wasmPath));
if (WebAssembly.Module.imports(module).length > 0) throw new Error("the kernel has imports");
const { exports: kernel } = new WebAssembly.Instance(module, {});

const job = readFileSync(jobPath);
const trace = openSync(tracePath, "w");
let at = 0;

function writeAll(bytes) {
  for (let done = 0; done < bytes.length; ) done += writeSync(trace, bytes, done);
}

function take(n) {
  if (at + n > job.length) throw new Error("the job file is cut short");
  at += n;
  return job.subarray(at - n, at);
}

// Memory behind the kernel's own data: params, state, one block of samples, one block of results.
function place(sizes) {
  let next = (kernel.__heap_base.value + 15) & ~15;
  const places = sizes.map((size) => {
    const here = next;
    next = (next + size + 15) & ~15;
    return here;
  });
  const short = next - kernel.memory.buffer.byteLength;
  if (short > 0) kernel.memory.grow(Math.ceil(short / PAGE));
  return places;
}

function run() {
  const header = take(32);
  const [magic, flags, n, every, stateSize, paramsSize, sampleSize, outSize] = Array.from({ length: 8 }, (_, i) =>
    header.readUInt32LE(4 * i),
  );
  if (magic !== JOB_MAGIC || every === 0) throw new Error("not a job file");
  const row = 4 + outSize;
  const most = Math.min(n, every);
  const [params, state, samples, rows] = place([paramsSize, stateSize, most * sampleSize, most * row]);
  const memory = new Uint8Array(kernel.memory.buffer);
  const words = new DataView(kernel.memory.buffer);
  memory.set(take(paramsSize), params);
  memory.set(take(stateSize), state);
  const head = new DataView(new ArrayBuffer(8));
  head.setUint32(0, TRACE_MAGIC, true);
  head.setInt32(4, flags & COLD_START ? kernel.trendel_init(state, params) : 0, true);
  writeAll(new Uint8Array(head.buffer));
  let done = 0;
  do {
    const block = Math.min(every, n - done);
    memory.set(take(block * sampleSize), samples);
    memory.fill(0, rows, rows + block * row);
    for (let i = 0; i < block; i++) {
      const here = rows + i * row;
      words.setInt32(here, kernel.trendel_step(state, params, samples + i * sampleSize, here + 4), true);
    }
    done += block;
    writeAll(memory.subarray(rows, rows + block * row));
    writeAll(memory.subarray(state, state + stateSize));
  } while (done < n);
}

while (at < job.length) run();
closeSync(trace);
