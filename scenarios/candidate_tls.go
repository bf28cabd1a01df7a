package scenarios

import (
	"cmp"
	"os"
	"path/filepath"

	"github.com/pamlab/pamlab/mllp"
)

// Files returns the files of the identity that a Connect presents: "" for the
// usual one, NoIdentity for none at all, else one of Identities or of the folder
// Bad. The error is an *IdentityError. An identity that was asked for by name
// may be faulty: showing it is what the test is about.
func (t *TLS) Files(present string) (mllp.Files, error) {
	files := mllp.Files{CA: t.CA, ServerName: t.ServerName, Revocation: mllp.RevocationMode(t.Revocation), CRL: t.CRL}
	switch present {
	case NoIdentity:
	case "":
		files.Cert, files.Key = t.Cert, t.Key
	default:
		identity, ok := t.identity(present)
		if !ok {
			return files, &IdentityError{Name: present, Folder: t.bad()}
		}
		files.Cert, files.Key, files.AnyIdentity = identity.Cert, identity.Key, true
	}
	return files, nil
}

// bad is the folder of faulty identities.
func (t *TLS) bad() string { return cmp.Or(t.Bad, filepath.Join(filepath.Dir(t.CA), "bad")) }

// identity finds an identity by its name.
func (t *TLS) identity(name string) (Identity, bool) {
	if identity, ok := t.Identities[name]; ok {
		return identity, true
	}
	identity := Identity{Cert: filepath.Join(t.bad(), name+".pem"), Key: filepath.Join(t.bad(), name+"-key.pem")}
	for _, file := range []string{identity.Cert, identity.Key} {
		if info, err := os.Stat(file); err != nil || !info.Mode().IsRegular() {
			return Identity{}, false
		}
	}
	return identity, true
}

// IdentityError names an identity that neither the candidate file nor its folder
// of faulty identities has.
type IdentityError struct {
	Name   string
	Folder string
}

// Error returns the sentence in English.
func (e *IdentityError) Error() string { return e.In("en") }

// In returns the sentence in lang.
func (e *IdentityError) In(lang string) string {
	return Textf("pas d'identité « %[1]s » : ni dans tls.identities du fichier candidat, ni dans %[2]s",
		"no identity %[1]q: neither in tls.identities of the candidate file, nor in %[2]s", e.Name, e.Folder).In(lang)
}

// Hint says where it comes from.
func (e *IdentityError) Hint(lang string) string {
	return Textf("« pamlab pki bad » fait les identités fautives ; une autre s'ajoute sous tls.identities : %s: {cert: …, key: …}",
		"`pamlab pki bad` makes the faulty identities; add another below tls.identities: %s: {cert: …, key: …}", e.Name).In(lang)
}
