// server_check - a running server's log and what devices hold of it, on
// golang.org/x/mod alone:
//
//	server_check URL LOG-KEY REGISTRAR-KEY
//
// reads on standard input lines of base64 words
//
//	checkpoint NOTE         an earlier one: the log must continue it
//	receipt NOTE TLOG-PROOF a batch's note, as a device holds both
//
// walks every tile and entry over HTTP, makes the root anew, opens every note
// by the key that may sign it (devices' keys by the registry's own notes), and
// prints how many of each it opened.
package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"sort"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	height = 8
	width  = 1 << height
	header = "c2sp.org/tlog-proof@v1"
)

var client = &http.Client{Transport: &http.Transport{
	// The key is pinned by the code that enrols; here only notes are trusted.
	TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}

var address string

func need(err error) {
	if err != nil {
		log.Output(2, err.Error())
		os.Exit(1)
	}
}

func needTrue(good bool, what string, args ...interface{}) {
	if !good {
		log.Output(2, fmt.Sprintf(what, args...))
		os.Exit(1)
	}
}

func get(path string) []byte {
	answer, err := client.Get(address + "/log/" + path)
	need(err)
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	need(err)
	needTrue(answer.StatusCode == 200, "%s: %s", path, answer.Status)
	return data
}

func decode(text string) []byte {
	data, err := base64.StdEncoding.Strict().DecodeString(text)
	need(err)
	return data
}

func number(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	need(err)
	return n
}

func open(data []byte, key note.Verifier) string {
	n, err := note.Open(data, note.VerifierList(key))
	need(err)
	needTrue(len(n.Sigs) == 1, "not signed by %s", key.Name())
	return n.Text
}

// openCheckpoint gives the tree that a checkpoint of the log names.
func openCheckpoint(data []byte, key note.Verifier) tlog.Tree {
	lines := strings.Split(open(data, key), "\n")
	needTrue(len(lines) == 4 && lines[3] == "", "checkpoint's lines")
	needTrue(lines[0] == key.Name(), "origin %s", lines[0])
	root, err := tlog.ParseHash(lines[2])
	need(err)
	return tlog.Tree{N: number(lines[1]), Hash: root}
}

// tiles reads them over HTTP; x/mod checks each against the tree's root.
type tiles struct{ read int }

func (t *tiles) Height() int { return height }

func (t *tiles) ReadTiles(which []tlog.Tile) ([][]byte, error) {
	var out [][]byte
	for _, tile := range which {
		// x/mod puts the height before the level.
		path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		out = append(out, get(path))
		t.read++
	}
	return out, nil
}

func (t *tiles) SaveTiles([]tlog.Tile, [][]byte) {}

// entries reads the notes of bundle n, of which `count` are there.
func entries(n, count int64) [][]byte {
	path := tlog.Tile{H: height, L: -1, N: n, W: int(count)}.Path()
	data := get(strings.Replace(path, "tile/8/data", "tile/entries", 1))
	var out [][]byte
	for len(data) > 0 {
		needTrue(len(data) >= 2, "half a length in bundle %d", n)
		length := int(data[0])<<8 | int(data[1])
		needTrue(len(data) >= 2+length, "half an entry in bundle %d", n)
		out = append(out, data[2:2+length])
		data = data[2+length:]
	}
	needTrue(int64(len(out)) == count, "%d entries in bundle %d", len(out), n)
	return out
}

// ---- who signs what ----

type keys struct {
	log, registrar note.Verifier
	devices        map[string]note.Verifier
	opened         map[string]int
}

func (k *keys) learn(text string) {
	for _, line := range strings.Split(text, "\n") {
		words := strings.Split(line, " ")
		if words[0] != "device" {
			continue
		}
		if _, known := k.devices[words[1]]; known {
			continue
		}
		text, err := note.NewEd25519VerifierKey(words[1], decode(words[2]))
		need(err)
		k.devices[words[1]], err = note.NewVerifier(text)
		need(err)
	}
}

func signerOf(data []byte) string {
	lines := strings.Split(string(data), "\n")
	needTrue(len(lines) > 2, "no signature line")
	words := strings.Split(lines[len(lines)-2], " ")
	needTrue(len(words) == 3, "signature line")
	return words[1]
}

func (k *keys) check(data []byte, position int64) {
	what := string(bytes.SplitN(data, []byte("\n"), 2)[0])
	key := k.log
	switch what {
	case "xunge/registry/v1", "xunge/successor/v1":
		key = k.registrar
	case "xunge/batch/v1":
		key = k.devices[signerOf(data)]
		needTrue(key != nil, "%d: %s is not registered", position,
			signerOf(data))
	}
	text := open(data, key)
	if what == "xunge/registry/v1" {
		k.learn(text)
	}
	k.opened[what]++
}

// ---- the log ----

func walk(tree tlog.Tree, reader tlog.HashReader, k *keys) {
	stored := make([]tlog.Hash, 0, 2*tree.N)
	mine := tlog.HashReaderFunc(func(at []int64) ([]tlog.Hash, error) {
		var out []tlog.Hash
		for _, i := range at {
			out = append(out, stored[i])
		}
		return out, nil
	})
	for first := int64(0); first < tree.N; first += width {
		count := tree.N - first
		if count > width {
			count = width
		}
		for i, data := range entries(first/width, count) {
			position := first + int64(i)
			at := []int64{tlog.StoredHashIndex(0, position)}
			hashes, err := reader.ReadHashes(at)
			need(err)
			needTrue(hashes[0] == tlog.RecordHash(data),
				"entry %d is not what the tiles say", position)
			more, err := tlog.StoredHashes(position, data, mine)
			need(err)
			stored = append(stored, more...)
			k.check(data, position)
		}
	}
	root, err := tlog.TreeHash(tree.N, mine)
	need(err)
	needTrue(root == tree.Hash, "the entries' root is another")
}

func checkGrowth(old, tree tlog.Tree, reader tlog.HashReader) {
	needTrue(old.N < tree.N, "nothing came since %d", old.N)
	proof, err := tlog.ProveTree(tree.N, old.N, reader)
	need(err)
	need(tlog.CheckTree(proof, tree.N, tree.Hash, old.N, old.Hash))
	other := old
	other.Hash[0] ^= 1
	err = tlog.CheckTree(proof, tree.N, tree.Hash, other.N, other.Hash)
	needTrue(err != nil, "another root of %d was continued", old.N)
}

// checkReceipt: the proof that a device holds, and that the log as it is now
// continues the log of that moment.
func checkReceipt(data, proof []byte, tree tlog.Tree, reader tlog.HashReader,
	k *keys) {
	open(data, k.devices[signerOf(data)])
	cut := bytes.Index(proof, []byte("\n\n"))
	needTrue(cut > 0, "no empty line")
	lines := strings.Split(string(proof[:cut]), "\n")
	needTrue(lines[0] == header && len(lines) > 1, "header %s", lines[0])
	needTrue(strings.HasPrefix(lines[1], "index "), "index")
	index := number(lines[1][len("index "):])
	var path tlog.RecordProof
	for _, line := range lines[2:] {
		hash, err := tlog.ParseHash(line)
		need(err)
		path = append(path, hash)
	}
	then := openCheckpoint(proof[cut+2:], k.log)
	leaf := tlog.RecordHash(data)
	need(tlog.CheckRecord(path, then.N, then.Hash, index, leaf))
	leaf[0] ^= 1
	err := tlog.CheckRecord(path, then.N, then.Hash, index, leaf)
	needTrue(err != nil, "a changed note was proved")
	if then.N < tree.N {
		checkGrowth(then, tree, reader)
	}
}

func main() {
	log.SetFlags(log.Lshortfile)
	needTrue(len(os.Args) == 4, "usage: server_check URL LOG REGISTRAR")
	address = os.Args[1]
	k := &keys{devices: map[string]note.Verifier{}, opened: map[string]int{}}
	var err error
	k.log, err = note.NewVerifier(os.Args[2])
	need(err)
	k.registrar, err = note.NewVerifier(os.Args[3])
	need(err)

	tree := openCheckpoint(get("checkpoint"), k.log)
	t := &tiles{}
	reader := tlog.TileHashReader(tree, t)
	walk(tree, reader, k)
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		words := strings.Split(in.Text(), " ")
		if words[0] == "checkpoint" {
			checkGrowth(openCheckpoint(decode(words[1]), k.log), tree, reader)
		} else {
			checkReceipt(decode(words[1]), decode(words[2]), tree, reader, k)
		}
		k.opened[words[0]]++
	}
	need(in.Err())
	k.opened["size"], k.opened["tiles"] = int(tree.N), t.read
	var names []string
	for name := range k.opened {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		fmt.Println(name, k.opened[name])
	}
}
