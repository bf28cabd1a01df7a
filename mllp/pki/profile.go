package pki

import (
	"crypto/x509/pkix"
	"encoding/asn1"
)

// Usage says at which end of a connection an identity may be used.
type Usage string

// The usages of an identity, as extended key usage has them.
const (
	UsageBoth   Usage = "both"
	UsageClient Usage = "client"
	UsageServer Usage = "server"
)

// A Profile is the shape of a PKI: its authorities, the subjects of its
// certificates, and the identities made at the beginning. Profiles are data;
// each stands in a file of its own.
type Profile struct {
	Name  string // "" is the plain one
	Title Text
	Note  Text // what has to be said whenever it is used; may be empty

	Country string
	Org     string   // O of every subject
	Units   []string // OU of every subject
	Prefix  string   // what the CN of every identity begins with

	Root    AuthorityProfile
	Issuing *AuthorityProfile // signs the identities; nil: Root does

	Key      KeyKind // unless another is asked for
	Days     int     // likewise
	MaxDays  int
	OneUsage bool // no certificate is for client and server at once

	Identities []IdentityProfile
}

// An AuthorityProfile is one authority of a Profile.
type AuthorityProfile struct {
	Role string // names its files: ROLE.pem and ROLE-key.pem
	CN   string
	CRL  string // file of its CRL, in DER
}

// An IdentityProfile is one identity that Init makes.
type IdentityProfile struct {
	Role  string // names its files
	Party string // whose it is, and the name PARTY.test
	CN    string // "": Party
	Usage Usage
}

// Profiles are the profiles there are, the plain one first.
func Profiles() []Profile { return []Profile{plain(), igcSanteTest()} }

func profile(name string) (*Profile, error) {
	for _, p := range Profiles() {
		if p.Name == name {
			return &p, nil
		}
	}
	return nil, &Error{Kind: BadProfile, Name: name}
}

// profileNames are the names of the profiles, but for the plain one.
func profileNames() []string {
	var all []string
	for _, p := range Profiles() {
		if p.Name != "" {
			all = append(all, p.Name)
		}
	}
	return all
}

// plain is one authority and an identity for each party, good for both ends.
func plain() Profile {
	return Profile{
		Org:     "pamlab test PKI",
		Root:    AuthorityProfile{Role: roleCA, CN: "pamlab test CA", CRL: "ca.crl"},
		Key:     P256,
		Days:    DefaultDays,
		MaxDays: MaxDays,
		Identities: []IdentityProfile{
			{Role: roleGAM, Party: roleGAM, Usage: UsageBoth},
			{Role: roleDMN, Party: roleDMN, Usage: UsageBoth},
		},
	}
}

// authorities are those of the profile, the root first.
func (p *Profile) authorities() []AuthorityProfile {
	all := []AuthorityProfile{p.Root}
	if p.Issuing != nil {
		all = append(all, *p.Issuing)
	}
	return all
}

// issuing is the authority that signs identities.
func (p *Profile) issuing() AuthorityProfile {
	all := p.authorities()
	return all[len(all)-1]
}

// subject is the name of a certificate, from the country down to the CN, each
// part in a place of its own: two units are not one that has two names.
func (p *Profile) subject(cn string) pkix.Name {
	var n pkix.Name
	add := func(oid asn1.ObjectIdentifier, value string) {
		if value != "" {
			n.ExtraNames = append(n.ExtraNames, pkix.AttributeTypeAndValue{Type: oid, Value: value})
		}
	}
	add(asn1.ObjectIdentifier{2, 5, 4, 6}, p.Country)
	add(asn1.ObjectIdentifier{2, 5, 4, 10}, p.Org)
	for _, unit := range p.Units {
		add(asn1.ObjectIdentifier{2, 5, 4, 11}, unit)
	}
	add(asn1.ObjectIdentifier{2, 5, 4, 3}, cn)
	return n
}

// files are the names of the files that Init makes.
func (p *Profile) files() []string {
	var all []string
	pair := func(role string) { all = append(all, role+".pem", role+"-key.pem") }
	for _, a := range p.authorities() {
		pair(a.Role)
	}
	for _, id := range p.Identities {
		pair(id.Role)
	}
	return append(all, p.crlFiles()...)
}

func (p *Profile) crlFiles() []string {
	all := []string{stateFile, crlFile}
	for _, a := range p.authorities() {
		all = append(all, a.CRL)
	}
	return all
}
