// cosigned_check LOG-VKEY WITNESS-VKEY... < CHECKPOINT
//
// A cosigned checkpoint as others read it: golang.org/x/mod opens it by the
// log's key alone, passing over lines that it does not know; and once more with
// the witnesses as verifiers of cosignature/v1, written here after C2SP
// tlog-cosignature. Prints one line a witness: its name and time.
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"log"
	"os"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

const cosignature = 4

type witness struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func (w *witness) Name() string    { return w.name }
func (w *witness) KeyHash() uint32 { return w.hash }
func (w *witness) Verify(text, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	said := fmt.Sprintf("cosignature/v1\ntime %d\n%s",
		binary.BigEndian.Uint64(sig), text)
	return ed25519.Verify(w.key, []byte(said), sig[8:])
}

func parse(vkey string) *witness {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		log.Fatalf("no verifier key: %s", vkey)
	}
	key, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(key) != 33 || key[0] != cosignature {
		log.Fatalf("not the key of a witness: %s", vkey)
	}
	sum := sha256.Sum256(append([]byte(parts[0]+"\n"), key...))
	w := &witness{parts[0], binary.BigEndian.Uint32(sum[:]), key[1:]}
	if fmt.Sprintf("%08x", w.hash) != parts[1] {
		log.Fatalf("the id of %s is not its key's", vkey)
	}
	return w
}

func main() {
	data, err := io.ReadAll(os.Stdin)
	if err != nil {
		log.Fatal(err)
	}
	own, err := note.NewVerifier(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	plain, err := note.Open(data, note.VerifierList(own))
	if err != nil {
		log.Fatal(err)
	}
	if len(plain.Sigs) != 1 || plain.Sigs[0].Name != own.Name() {
		log.Fatal("not signed by the log alone")
	}
	all := []note.Verifier{own}
	for _, vkey := range os.Args[2:] {
		all = append(all, parse(vkey))
	}
	whole, err := note.Open(data, note.VerifierList(all...))
	if err != nil {
		log.Fatal(err)
	}
	if !bytes.Equal([]byte(whole.Text), []byte(plain.Text)) {
		log.Fatal("two texts of one note")
	}
	for _, sig := range whole.Sigs[1:] {
		raw, err := base64.StdEncoding.DecodeString(sig.Base64)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(sig.Name, binary.BigEndian.Uint64(raw[4:]))
	}
}
