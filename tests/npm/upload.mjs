// upload.mjs - one upload by the public tus-js-client. The first argument is
// JSON: endpoint, url (of an upload that goes on), token, file, sha256, chunk,
// options (of the client), abortAfter (bytes that the server took). Prints one
// line of JSON: done, url, offset, error, status, and the calls it made.
import { createReadStream, statSync } from 'node:fs';
import { Upload } from 'tus-js-client';

const job = JSON.parse(process.argv[2]);
const told = { done: false, url: null, offset: 0, error: null, status: null, calls: [] };

function end(more) {
    Object.assign(told, more, { url: upload.url });
    process.stdout.write(JSON.stringify(told) + '\n', () => process.exit(0));
}

const upload = new Upload(createReadStream(job.file), {
    endpoint: job.endpoint,
    uploadUrl: job.url,
    uploadSize: statSync(job.file).size,
    chunkSize: job.chunk ?? Infinity,
    retryDelays: [100, 200, 400, 800],
    headers: { Authorization: 'Bearer ' + job.token },
    metadata: { sha256: job.sha256, filename: '现场.jpg' },
    ...job.options,
    onAfterResponse(request, response) {
        told.calls.push(request.getMethod() + ' ' + response.getStatus());
    },
    onChunkComplete(size, accepted) {
        told.offset = accepted;
        if (job.abortAfter && accepted >= job.abortAfter)
            upload.abort().then(() => end({}));
    },
    onError(error) {
        end({ error: error.message, status: error.originalResponse?.getStatus() ?? null });
    },
    onSuccess() {
        end({ done: true });
    },
});
upload.start();
