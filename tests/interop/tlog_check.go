// tlog_check - the other side of interop_tlog.c, on golang.org/x/mod. The
// lines that go over are described there.
package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"log"
	"math/rand"
	"os"
	"reflect"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	leaves = 3000
	rounds = 60
	origin = "log.example/\u67e5\u5de1"
	header = "c2sp.org/tlog-proof@v1"
)

// The log's hashes, in x/mod's own order.
var stored []tlog.Hash

var reader = tlog.HashReaderFunc(func(at []int64) ([]tlog.Hash, error) {
	var out []tlog.Hash
	for _, i := range at {
		out = append(out, stored[i])
	}
	return out, nil
})

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

func leaf(i int64) []byte {
	return []byte(fmt.Sprintf("leaf %d", i))
}

func plant() {
	for i := int64(0); i < leaves; i++ {
		hashes, err := tlog.StoredHashes(i, leaf(i), reader)
		need(err)
		stored = append(stored, hashes...)
	}
}

func rootOf(size int64) tlog.Hash {
	root, err := tlog.TreeHash(size, reader)
	need(err)
	return root
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

func hashes(texts []string) []tlog.Hash {
	var out []tlog.Hash
	for _, text := range texts {
		hash, err := tlog.ParseHash(text)
		need(err)
		out = append(out, hash)
	}
	return out
}

func same(a, b []tlog.Hash) bool {
	return len(a) == 0 && len(b) == 0 || reflect.DeepEqual(a, b)
}

// ---- checking what our code printed ----

func checkNote(data []byte, key note.Verifier) string {
	n, err := note.Open(data, note.VerifierList(key))
	need(err)
	needTrue(len(n.Sigs) == 1 && len(n.UnverifiedSigs) == 0, "signatures")
	changed := append([]byte("x"), data...)
	_, err = note.Open(changed, note.VerifierList(key))
	needTrue(err != nil, "a changed note opened")
	return n.Text
}

func checkReceipt(data []byte, key note.Verifier) {
	cut := bytes.Index(data, []byte("\n\n"))
	needTrue(cut > 0, "no empty line")
	lines := strings.Split(string(data[:cut]), "\n")
	needTrue(lines[0] == header, "header")
	needTrue(strings.HasPrefix(lines[1], "index "), "index")
	index := number(lines[1][len("index "):])
	proof := tlog.RecordProof(hashes(lines[2:]))

	text := strings.Split(checkNote(data[cut+2:], key), "\n")
	needTrue(len(text) == 4 && text[3] == "", "checkpoint")
	needTrue(text[0] == key.Name(), "origin %s", text[0])
	size := number(text[1])
	root := hashes(text[2:3])[0]
	needTrue(root == rootOf(size), "root of %d", size)

	record := tlog.RecordHash(leaf(index))
	need(tlog.CheckRecord(proof, size, root, index, record))
	theirs, err := tlog.ProveRecord(size, index, reader)
	need(err)
	needTrue(same(proof, theirs), "proof of %d in %d", index, size)
	record[0] ^= 1
	err = tlog.CheckRecord(proof, size, root, index, record)
	needTrue(err != nil, "a changed record was proved")
}

func checkGrowth(words []string) {
	old, size := number(words[0]), number(words[1])
	roots := hashes(words[2:4])
	proof := tlog.TreeProof(hashes(words[4:]))
	needTrue(roots[0] == rootOf(old), "root of %d", old)
	needTrue(roots[1] == rootOf(size), "root of %d", size)
	need(tlog.CheckTree(proof, size, roots[1], old, roots[0]))
	theirs, err := tlog.ProveTree(size, old, reader)
	need(err)
	needTrue(same(proof, theirs), "proof from %d to %d", old, size)
}

func checkTile(words []string) {
	// x/mod puts the height before the level.
	tile, err := tlog.ParseTilePath(
		strings.Replace(words[0], "tile/", "tile/8/", 1))
	need(err)
	data, err := tlog.ReadTileData(tile, reader)
	need(err)
	sum := sha256.Sum256(data)
	needTrue(bytes.Equal(sum[:], decode(words[1])), "%s", words[0])
}

func checkAll() {
	var key note.Verifier
	var err error
	count := 0
	in := bufio.NewReader(os.Stdin)
	for {
		line, end := in.ReadString('\n')
		if end != nil {
			break
		}
		words := strings.Split(strings.TrimSuffix(line, "\n"), " ")
		switch words[0] {
		case "key":
			key, err = note.NewVerifier(words[1])
			need(err)
		case "note":
			checkNote(decode(words[1]), key)
		case "receipt":
			checkReceipt(decode(words[1]), key)
		case "grow":
			checkGrowth(words[1:])
		case "tile":
			checkTile(words[1:])
		default:
			needTrue(false, "keyword %s", words[0])
		}
		count++
	}
	needTrue(count > 4*rounds, "only %d lines", count)
	fmt.Printf("%d lines of ours hold\n", count)
}

// ---- printing what our code checks ----

func encode(data []byte) string {
	return base64.StdEncoding.EncodeToString(data)
}

func sign(text string, signer note.Signer) []byte {
	msg, err := note.Sign(&note.Note{Text: text}, signer)
	need(err)
	return msg
}

func printReceipt(out *bufio.Writer, size int64, signer note.Signer) {
	index := rand.Int63n(size)
	proof, err := tlog.ProveRecord(size, index, reader)
	need(err)
	text := fmt.Sprintf("%s\n%d\n%s\n", origin, size, rootOf(size))
	receipt := fmt.Sprintf("%s\nindex %d\n", header, index)
	for _, hash := range proof {
		receipt += hash.String() + "\n"
	}
	receipt += "\n" + string(sign(text, signer))
	fmt.Fprintf(out, "receipt %s\n", encode([]byte(receipt)))
}

func printGrowth(out *bufio.Writer, old, size int64) {
	proof, err := tlog.ProveTree(size, old, reader)
	need(err)
	fmt.Fprintf(out, "grow %d %d %s %s", old, size, rootOf(old), rootOf(size))
	for _, hash := range proof {
		fmt.Fprintf(out, " %s", hash)
	}
	fmt.Fprintln(out)
}

func printTiles(out *bufio.Writer) {
	for _, tile := range tlog.NewTiles(8, 0, leaves) {
		data, err := tlog.ReadTileData(tile, reader)
		need(err)
		sum := sha256.Sum256(data)
		path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		fmt.Fprintf(out, "tile %s %s\n", path, encode(sum[:]))
	}
}

func printAll(seed int64) {
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	rand.Seed(seed)
	secret, public, err := note.GenerateKey(
		rand.New(rand.NewSource(seed)), origin)
	need(err)
	signer, err := note.NewSigner(secret)
	need(err)
	fmt.Fprintf(out, "key %s\n", public)
	printTiles(out)
	for i := int64(1); i <= rounds; i++ {
		size := i
		if size > 20 {
			size = 1 + rand.Int63n(leaves)
		}
		printReceipt(out, size, signer)
		printGrowth(out, 1+rand.Int63n(size), size)
		printGrowth(out, 1, size)
		text := strings.Repeat("\u67e5\n\n x", rand.Intn(50)) + "\n"
		fmt.Fprintf(out, "note %s\n", encode(sign(text, signer)))
	}
}

func main() {
	log.SetFlags(log.Lshortfile)
	plant()
	if len(os.Args) == 2 && os.Args[1] == "check" {
		checkAll()
	} else if len(os.Args) == 3 && os.Args[1] == "print" {
		printAll(number(os.Args[2]))
	} else {
		log.Fatal("usage: tlog_check print SEED | check")
	}
}
