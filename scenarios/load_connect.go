package scenarios

import "crypto/tls"

const (
	connectKeys = "present transport tls"
	offerKeys   = "min max suites"
)

// connect decodes what a step says of its connection.
func (d *decoder) connect(n *node) *Connect {
	if n == nil || !d.mapping(n, connectKeys) {
		return nil
	}
	c := &Connect{Pos: n.pos, Present: d.present(n.get("present"))}
	if transport := n.get("transport"); transport != nil {
		c.Plain = d.word(transport, "tls", "plain") == "plain"
	}
	offer := n.get("tls")
	if c.Offer = d.offer(offer); c.Offer != nil && c.Plain {
		d.out.add(offer.pos, Text{FR: "une connexion en clair n'offre rien de TLS", EN: "a connection in plain text offers nothing of TLS"}).
			expected("retirez « tls » ou « transport: plain »", `remove "tls" or "transport: plain"`)
	}
	return c
}

// present decodes the name of an identity; "" is our usual one.
func (d *decoder) present(n *node) string {
	if n == nil {
		return ""
	}
	name := d.matching(n, identityName(), Text{
		FR: "attendu : none, ou le nom d'une identité de tls.identities ou du dossier tls.bad",
		EN: "expected: none, or the name of an identity of tls.identities or of the folder tls.bad",
	})
	if name == "default" {
		return ""
	}
	return name
}

// offer decodes what of TLS is spoken.
func (d *decoder) offer(n *node) *Offer {
	if n == nil || !d.mapping(n, offerKeys) {
		return nil
	}
	if len(n.pairs) == 0 && !n.lost {
		d.out.add(n.pos, Text{FR: "rien n'est offert ici", EN: "nothing is offered here"}).
			expected("attendu : comme {max: \"1.1\"} ou {suites: weak}", "expected: like {max: \"1.1\"} or {suites: weak}")
	}
	o := &Offer{}
	if v := n.get("min"); v != nil {
		o.Min = versionNumber(d.word(v, tlsVersions()...))
	}
	if v := n.get("max"); v != nil {
		o.Max = versionNumber(d.word(v, tlsVersions()...))
	}
	if v := n.get("suites"); v != nil {
		o.Suites = Suites(d.word(v, string(WeakSuites), string(AllSuites)))
	}
	switch least, most := o.bounds(); {
	case least > most && o.Suites == WeakSuites:
		d.out.add(n.get("min").pos, Text{FR: "TLS 1.3 n'a pas de suite faible", EN: "TLS 1.3 has no weak suite"})
	case least > most:
		d.out.add(n.get("max").pos, Text{FR: "« max » est avant « min »", EN: `"max" is before "min"`})
	case o.Suites == WeakSuites && most == tls.VersionTLS13:
		d.out.add(n.get("max").pos, Text{
			FR: "TLS 1.3 n'a pas de suite faible, et il serait préféré", EN: "TLS 1.3 has no weak suite, and would be preferred",
		})
	}
	return o
}
