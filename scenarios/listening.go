package scenarios

import (
	"path/filepath"
	"slices"
)

// Listening is one device of a file of listeners: the --config of `pamlab listen`.
type Listening struct {
	Name, Address         string
	Dialect               string // "": what each message announces
	Application, Facility string
	Supports              []string // events; nil: all
	Lenient               bool
	Bugs                  []string
	Reply                 string // AA, AE, AR or the name of a table of answers; "": as usual
	TLS                   *TLS   // nil: plain TCP
}

const (
	listeningFileKeys = "listeners"
	listeningKeys     = "name address dialect application facility supports lenient bugs reply tls"
	listeningTLSKeys  = "ca cert key revocation crl"
	mostListeners     = 64
	listenerNameForm  = "a-z A-Z 0-9 . _ -"
)

// LoadListening reads and checks a file of listeners. Names of files in it count
// from its folder; those that are returned, from the working directory. The error
// is a Problems.
func LoadListening(name string) ([]Listening, error) {
	data, problem := readNamed(name)
	if problem != nil {
		return nil, Problems{problem}
	}
	return ParseListening(name, data)
}

// ParseListening reads a file of listeners that is at hand.
func ParseListening(name string, data []byte) ([]Listening, error) {
	out := &faults{}
	d := &decoder{out: out}
	root := parseYAML(name, data, out)
	if root == nil {
		return nil, out.err()
	}
	var list []Listening
	if d.mapping(root, listeningFileKeys) {
		d.required(root, "listeners")
		if n := root.get("listeners"); n != nil {
			list = d.listenings(n)
		}
	}
	if err := out.err(); err != nil {
		return nil, err
	}
	for i := range list {
		list[i].below(filepath.Dir(name))
	}
	return list, nil
}

func (d *decoder) listenings(n *node) (list []Listening) {
	items := d.list(n)
	if n.kind == sequence && (len(items) == 0 || len(items) > mostListeners) {
		d.out.add(n.pos, Textf("il faut de 1 à %d écouteurs", "it takes 1 to %d listeners", mostListeners))
	}
	for _, item := range items {
		if !d.mapping(item, listeningKeys) {
			continue
		}
		d.required(item, "name", "address")
		l := d.listening(item)
		if slices.ContainsFunc(list, func(other Listening) bool { return other.Name == l.Name && l.Name != "" }) {
			d.out.add(item.get("name").pos, Textf("deux écouteurs s'appellent « %s »", "two listeners are called %q", l.Name)).
				expected("le nom est celui que les messages portent dans le fichier", "the name is the one that messages have in the store")
		}
		list = append(list, l)
	}
	return list
}

func (d *decoder) listening(n *node) (l Listening) {
	for _, p := range n.pairs {
		switch v := p.value; p.key.text {
		case "name":
			l.Name = d.matching(v, identityName(), Text{FR: "attendu : " + listenerNameForm, EN: "expected: " + listenerNameForm})
		case "address":
			l.Address = d.hostPort(v, 0)
		case "dialect":
			l.Dialect = d.dialect(v).Name
		case "application":
			l.Application = d.hd(v)
		case "facility":
			l.Facility = d.hd(v)
		case "supports":
			for _, item := range d.list(v) {
				l.Supports = append(l.Supports, string(d.trigger(item)))
			}
		case "lenient":
			l.Lenient = d.boolean(v)
		case "bugs":
			for _, item := range d.list(v) {
				l.Bugs = append(l.Bugs, d.optional(item))
			}
		case "reply":
			l.Reply, _ = d.text(v)
		case "tls":
			l.TLS = d.listeningTLS(v)
		}
	}
	return l
}

// listeningTLS decodes the files of a side that others connect to: who turns up
// always has to show a certificate.
func (d *decoder) listeningTLS(n *node) *TLS {
	if !d.mapping(n, listeningTLSKeys) {
		return nil
	}
	d.required(n, "ca", "cert")
	t := &TLS{}
	for _, p := range n.pairs {
		switch v := p.value; p.key.text {
		case "ca":
			t.CA, _ = d.text(v)
		case "cert":
			t.Cert, _ = d.text(v)
		case "key":
			t.Key, _ = d.text(v)
		case "revocation":
			t.Revocation = d.word(v, "off", "if-present", "required")
		case "crl":
			for _, item := range d.list(v) {
				file, _ := d.text(item)
				t.CRL = append(t.CRL, file)
			}
		}
	}
	return t
}

// below lets the names of files count from a folder.
func (l *Listening) below(dir string) {
	from := func(name *string) {
		if *name != "" && !filepath.IsAbs(*name) {
			*name = filepath.Join(dir, *name)
		}
	}
	if !slices.Contains([]string{"", "AA", "AE", "AR"}, l.Reply) {
		from(&l.Reply)
	}
	if t := l.TLS; t != nil {
		from(&t.CA)
		from(&t.Cert)
		from(&t.Key)
		for i := range t.CRL {
			from(&t.CRL[i])
		}
	}
}
