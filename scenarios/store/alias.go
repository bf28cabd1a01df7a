package store

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"hash"
	"sync"

	"github.com/pamlab/pamlab/hl7"
)

// The letters of an alias: none that is read as another.
var letters = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// aliasKey keeps aliases from being those of any other table of hashes. It is no
// secret: see Alias.
var aliasKey = []byte("pamlab alias of a patient, version 1")

// Alias returns a short name for the patient with an identifier, always the
// same, so that the rows of one patient are found without a trait in them. It
// keeps a name out of a list and off a screen; it is a pseudonym and no
// anonymity: who has a list of all identifiers can work out whose alias is whose.
func Alias(identifier string) string {
	if identifier == "" {
		return ""
	}
	mac := macs.Get().(hash.Hash)
	defer macs.Put(mac)
	mac.Reset()
	var text [64]byte
	mac.Write(append(text[:0], identifier...))
	var sum [sha256.Size]byte
	return string(letters.AppendEncode(append(text[:0], "P-"...), mac.Sum(sum[:0])[:5]))
}

// macs spares each message the making of the key.
var macs = sync.Pool{New: func() any { return hmac.New(sha256.New, aliasKey) }}

// Identifier returns what stands for the patient of a message in Alias: the
// first PI of PID-3 with its authority, else the first identifier, as
// "4711^1.2.250.1"; "" when there is none.
func Identifier(m *hl7.Message) string {
	for seg := range m.Segments() {
		if seg.Name() == "PID" {
			return identifierOf(seg.Field(3))
		}
	}
	return ""
}

func identifierOf(ids hl7.Value) (first string) {
	for cx := range ids.Repetitions() {
		value := cx.Component(1).String()
		if value == "" {
			continue
		}
		authority := cx.Component(4)
		id := value + "^" + cmp.Or(authority.Subcomponent(2).String(), authority.Subcomponent(1).String())
		if cx.Component(5).String() == "PI" {
			return id
		}
		first = cmp.Or(first, id)
	}
	return first
}
