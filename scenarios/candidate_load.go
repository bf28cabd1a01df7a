package scenarios

import (
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/pamlab/pamlab/mllp"
)

const (
	candidateFileKeys = "candidate harness tls limits safety conformance endpoints"
	candidateKeys     = "name release role address dialect charset supports application facility"
	harnessKeys       = "application facility listen listeners"
	listenerKeys      = "listen present"
	endpointKeys      = "url headers ca cert key server_name"
	tlsFileKeys       = "ca cert key server_name identities bad revocation crl renews"
	identityKeys      = "cert key"
	limitKeys         = "connect handshake ack receive operator message"
	safetyKeys        = "allow_hosts refuse_real_identities"
)

// LoadCandidate reads and checks a candidate file. Overrides are the values of
// --set, "candidate.address=127.0.0.1:2575", which take the places of the file's
// own; without a file, name "", they are put over NewCandidate. The error is a
// Problems with every fault that was found.
func LoadCandidate(name string, overrides []string) (*Candidate, error) {
	if name == "" {
		root := &node{kind: mapping, pos: Source{File: overrideFile}}
		return decodeCandidate(root, overrides, &faults{})
	}
	data, problem := readNamed(name)
	if problem != nil {
		return nil, Problems{problem}
	}
	return readCandidate(name, data, overrides)
}

func readCandidate(name string, data []byte, overrides []string) (*Candidate, error) {
	out := &faults{}
	root := parseYAML(name, data, out)
	if root == nil {
		return nil, out.err()
	}
	return decodeCandidate(root, overrides, out)
}

func decodeCandidate(root *node, overrides []string, out *faults) (*Candidate, error) {
	d := &decoder{out: out}
	if root.kind == mapping { // else candidate tells
		for i, override := range overrides {
			d.override(root, override, i+1)
		}
	}
	c := NewCandidate()
	d.candidate(c, root)
	if err := out.err(); err != nil {
		return nil, err
	}
	return c, nil
}

// readNamed reads a file of the machine, wherever it is.
func readNamed(name string) ([]byte, *Problem) {
	dir, err := os.OpenRoot(filepath.Dir(name))
	if err != nil {
		return nil, unreadable(name, err)
	}
	defer dir.Close()
	return readFile(dir.FS(), filepath.Base(name), name)
}

func (d *decoder) candidate(c *Candidate, root *node) {
	if !d.mapping(root, candidateFileKeys) {
		return
	}
	section := func(key, known string) *node {
		n := root.get(key)
		if n == nil || !d.mapping(n, known) {
			return &node{kind: mapping}
		}
		return n
	}
	d.limits(c, section("limits", limitKeys))
	d.safety(c, section("safety", safetyKeys))
	d.harness(c, section("harness", harnessKeys))
	if n := root.get("tls"); n != nil {
		c.TLS = d.tls(section("tls", tlsFileKeys), n)
	}
	d.system(c, section("candidate", candidateKeys), root)
	d.endpoints(c, root.get("endpoints"))
	d.conformance(c, section("conformance", strings.Join(settingNames(), " ")))
}

// system decodes the section candidate. Hosts that are allowed are known by now.
func (d *decoder) system(c *Candidate, n, root *node) {
	given := func(key string, into *string) {
		if v := n.get(key); v != nil {
			*into = d.optional(v)
		}
	}
	given("name", &c.Name)
	given("release", &c.Release)
	if v := n.get("role"); v != nil {
		c.Role = Role(d.word(v, string(DMN), string(GAM)))
	}
	if v := n.get("dialect"); v != nil {
		c.Dialect = d.dialect(v)
	}
	if v := n.get("charset"); v != nil {
		c.Charset = d.charset(v)
	}
	if v := n.get("supports"); v != nil {
		for _, item := range d.list(v) {
			c.Supports = append(c.Supports, d.trigger(item))
		}
		if v.kind == sequence && len(v.items) == 0 {
			d.out.add(v.pos, Text{FR: "un candidat qui ne prend aucun événement ?", EN: "a candidate that takes no event?"}).
				expected("sans la clé « supports », tous sont joués", `without the key "supports", all are played`)
		}
	}
	if v := n.get("application"); v != nil {
		c.Application = d.hd(v)
	}
	if v := n.get("facility"); v != nil {
		c.Facility = d.hd(v)
	}
	d.address(c, n.get("address"), root)
}

// address decodes where a DMN listens, and refuses a host that nobody allowed:
// a slip in an address must not send test patients to a hospital.
func (d *decoder) address(c *Candidate, n, root *node) {
	if n == nil {
		if c.Role == DMN {
			d.noAddress(root)
		}
		return
	}
	c.Address = d.hostPort(n, 1)
	host, _, err := net.SplitHostPort(c.Address)
	if err != nil || slices.ContainsFunc(c.Safety.AllowHosts, func(allowed string) bool { return sameHost(allowed, host) }) {
		return
	}
	d.out.add(n.pos, Textf("l'hôte « %s » n'est pas dans safety.allow_hosts", "the host %q is not in safety.allow_hosts", host)).
		expected("ajoutez-le si c'est bien un système de test", "add it if it really is a test system")
}

func (d *decoder) noAddress(root *node) {
	at := root
	if section := root.get("candidate"); section != nil {
		if section.kind != mapping || section.slip("address") {
			return // told
		}
		at = section
	}
	pos := at.pos
	if len(at.pairs) > 0 {
		pos = at.pairs[0].key.pos
	}
	d.out.add(pos, Text{FR: "la clé « candidate.address » manque", EN: `the key "candidate.address" is missing`}).
		expected("attendu : hôte:port du DMN, ici ou par --set candidate.address=127.0.0.1:2575",
			"expected: host:port of the DMN, here or by --set candidate.address=127.0.0.1:2575")
}

func sameHost(a, b string) bool {
	x, errX := netip.ParseAddr(a)
	y, errY := netip.ParseAddr(b)
	if errX == nil && errY == nil {
		return x.Unmap() == y.Unmap()
	}
	return strings.EqualFold(strings.TrimSuffix(a, "."), strings.TrimSuffix(b, "."))
}

// hostPort returns an address whose port is least or more: 1 to connect to, 0,
// which takes any that is free, to listen on.
func (d *decoder) hostPort(n *node, least uint64) string {
	text, ok := d.text(n)
	if !ok {
		return ""
	}
	host, port, err := net.SplitHostPort(text)
	number, badPort := strconv.ParseUint(port, 10, 16)
	if err != nil || badPort != nil || number < least || strings.ContainsAny(host, " /@") || host == "" {
		d.out.add(n.pos, Textf("« %s » n'est pas une adresse", "%q is no address", text)).
			expected("attendu : hôte:port, comme 127.0.0.1:2575 ou [::1]:2575", "expected: host:port, such as 127.0.0.1:2575 or [::1]:2575")
		return ""
	}
	return text
}

// hdForm keeps delimiters that would end the field out of MSH-3 to MSH-6;
// components, separated by ^, are welcome.
var hdForm = expression(`^[^|~\\&\x00-\x1f]+$`)

func (d *decoder) hd(n *node) string {
	return d.matching(n, hdForm(), Text{
		FR: "attendu : un nom, ou nom^identifiant^type", EN: "expected: a name, or name^identifier^type",
	})
}

func (d *decoder) harness(c *Candidate, n *node) {
	if v := n.get("application"); v != nil {
		c.Harness.Application = d.hd(v)
	}
	if v := n.get("facility"); v != nil {
		c.Harness.Facility = d.hd(v)
	}
	if v := n.get("listen"); v != nil {
		c.Harness.Listen = d.hostPort(v, 0)
	}
	if v := n.get("listeners"); v != nil {
		d.listeners(c, v)
	}
}

// tls decodes the section tls; outer is where it stands, for what it lacks.
func (d *decoder) tls(n, outer *node) *TLS {
	t := &TLS{CA: d.file(n.get("ca")), Cert: d.file(n.get("cert")), Key: d.file(n.get("key")), ServerName: d.optional(n.get("server_name"))}
	if outer.kind == mapping {
		d.required(n, "ca", "cert")
	}
	if bad := n.get("bad"); bad != nil {
		t.Bad = d.file(bad)
	}
	d.revocation(t, n)
	if renews := n.get("renews"); renews != nil {
		t.Renews = d.wait(renews)
	}
	identities := n.get("identities")
	if identities == nil || !d.isMapping(identities) {
		return t
	}
	t.Identities = map[string]Identity{}
	for _, p := range identities.pairs {
		name := p.key.text
		switch {
		case !identityName().MatchString(name):
			d.out.add(p.key.pos, Textf("« %s » n'est pas un nom d'identité", "%q is no name of an identity", name)).
				expected("attendu : minuscules, chiffres et traits d'union", "expected: lower-case letters, digits and hyphens")
		case name == NoIdentity || name == "default":
			d.out.add(p.key.pos, Textf("« %s » est un mot du langage", "%q is a word of the language", name)).
				expected("choisissez un autre nom", "choose another name")
		case t.Identities[name] != Identity{}:
			d.out.add(p.key.pos, Textf("deux identités s'appellent « %s »", "two identities are called %q", name))
		}
		if d.mapping(p.value, identityKeys) {
			d.required(p.value, "cert")
			t.Identities[name] = Identity{Cert: d.file(p.value.get("cert")), Key: d.file(p.value.get("key"))}
		}
	}
	return t
}

// revocation decodes whether, and where, revoked certificates are looked up.
func (d *decoder) revocation(t *TLS, n *node) {
	mode, crl := n.get("revocation"), n.get("crl")
	if mode != nil {
		t.Revocation = d.word(mode, string(mllp.RevocationOff), string(mllp.RevocationIfPresent), string(mllp.RevocationRequired))
	}
	switch {
	case crl == nil:
		return
	case crl.kind == sequence:
		for _, item := range crl.items {
			t.CRL = append(t.CRL, d.file(item))
		}
	default:
		t.CRL = []string{d.file(crl)}
	}
	if t.Revocation == string(mllp.RevocationOff) {
		d.out.add(crl.pos, Text{
			FR: "ces listes ne servent pas : « revocation » est « off »", EN: `these lists are not used: "revocation" is "off"`,
		}).expected("retirez revocation: off, ou les listes", "remove revocation: off, or the lists")
	}
}

// file returns the name of a file, counted from the folder of the candidate
// file; one that comes from the command line counts from where the command is.
func (d *decoder) file(n *node) string {
	name, ok := d.text(n)
	if !ok || filepath.IsAbs(name) || n.pos.File == overrideFile {
		return name
	}
	return filepath.Join(filepath.Dir(n.pos.File), filepath.FromSlash(name))
}

func (d *decoder) limits(c *Candidate, n *node) {
	l := &c.Limits
	for _, p := range n.pairs {
		switch p.key.text {
		case "connect":
			l.Connect = d.wait(p.value)
		case "handshake":
			l.Handshake = d.wait(p.value)
		case "ack":
			l.Ack = d.wait(p.value)
		case "receive":
			l.Receive = d.wait(p.value)
		case "operator":
			l.Operator = d.wait(p.value)
		case "message":
			l.Message = d.size(p.value)
		}
	}
}

func (d *decoder) safety(c *Candidate, n *node) {
	if v := n.get("allow_hosts"); v != nil {
		var hosts []string
		for _, item := range d.list(v) {
			hosts = append(hosts, d.optional(item))
		}
		if v.kind == sequence { // else what is told is enough
			c.Safety.AllowHosts = hosts
		}
	}
	if v := n.get("refuse_real_identities"); v != nil {
		c.Safety.RefuseRealIdentities = d.boolean(v)
	}
}
