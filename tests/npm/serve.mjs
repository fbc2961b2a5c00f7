// serve.mjs - the public tus server over a folder, to be measured against. Of
// each whole upload it does what a keeper of evidence must: reads it, compares
// its hash, makes it durable. Prints its port; runs until it is killed.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { FileStore } from '@tus/file-store';
import { Server } from '@tus/server';

const server = new Server({
    path: '/v1/blobs',
    datastore: new FileStore({ directory: process.argv[2] }),
    async onUploadFinish(request, response, upload) {
        const hash = createHash('sha256');
        for await (const piece of createReadStream(upload.storage.path))
            hash.update(piece);
        if (hash.digest('hex') !== upload.metadata.sha256)
            throw { status_code: 422, body: 'another photo' };
        const file = await open(upload.storage.path, 'r+');
        await file.sync();
        await file.close();
        return { res: response };
    },
});
const listening = server.listen({ host: '127.0.0.1', port: 0 }, () =>
    console.log('ready ' + listening.address().port));
