package scenarios

import "crypto/tls"

const (
	connectKeys = "present transport tls crowd renewed"
	acceptKeys  = "present transport tls within"
	offerKeys   = "min max suites"
)

// connect decodes what a step says of its connection.
func (d *decoder) connect(n *node) *Connect {
	if n == nil || !d.mapping(n, connectKeys) {
		return nil
	}
	c := &Connect{Pos: n.pos, Present: d.present(n.get("present"))}
	c.Plain, c.Offer = d.transport(n)
	if crowd := n.get("crowd"); crowd != nil {
		c.Crowd = d.numberIn(crowd, 1, maxCrowd)
	}
	if renewed := n.get("renewed"); renewed != nil {
		if c.Renewed = d.boolean(renewed); c.Renewed && (c.Plain || c.Crowd > 0) {
			d.out.add(renewed.pos, Text{FR: "un certificat se voit sur une connexion TLS, une seule", EN: "a certificate shows on a TLS connection, a single one"})
		}
	}
	return c
}

// maxCrowd bounds the connections of one step.
const maxCrowd = 10_000

// accept decodes what a step offers a candidate that connects to us.
func (d *decoder) accept(n *node) *Accept {
	if n == nil || !d.mapping(n, acceptKeys) {
		return nil
	}
	a := &Accept{Pos: n.pos, Present: d.present(n.get("present"))}
	if a.Present == NoIdentity {
		d.out.add(n.get("present").pos, Text{FR: "un serveur TLS montre toujours un certificat", EN: "a TLS server always shows a certificate"}).
			expected("attendu : le nom d'une identité, ou transport: plain", "expected: the name of an identity, or transport: plain")
	}
	a.Plain, a.Offer = d.transport(n)
	if within := n.get("within"); within != nil {
		a.Within = d.wait(within)
	}
	return a
}

// transport decodes whether TLS is spoken, and what of it.
func (d *decoder) transport(n *node) (plain bool, offer *Offer) {
	if transport := n.get("transport"); transport != nil {
		plain = d.word(transport, "tls", "plain") == "plain"
	}
	given := n.get("tls")
	if offer = d.offer(given); offer != nil && plain {
		d.out.add(given.pos, Text{FR: "une connexion en clair n'offre rien de TLS", EN: "a connection in plain text offers nothing of TLS"}).
			expected("retirez « tls » ou « transport: plain »", `remove "tls" or "transport: plain"`)
	}
	return plain, offer
}

// roles reports steps that do what the candidate's role does not allow, and
// accepting steps that do something else as well.
func (d *decoder) roles(s *Step, n *node) {
	outwards := s.Connect != nil || s.sends()
	switch {
	case s.Accept != nil && outwards:
		d.out.add(s.Accept.Pos, Text{FR: "une étape attend le candidat ou s'adresse à lui, pas les deux", EN: "a step waits for the candidate or turns to it, not both"})
	case s.Accept != nil && d.role != GAM:
		d.out.add(s.Accept.Pos, Text{FR: "seul un candidat de rôle gam se connecte à nous", EN: "only a candidate of role gam connects to us"}).
			expected("ajoutez au scénario role: gam", "add to the scenario role: gam")
	case d.role == GAM && outwards:
		d.out.add(s.Pos, Text{FR: "un candidat de rôle gam se connecte à nous, et non nous à lui", EN: "a candidate of role gam connects to us, not we to it"}).
			expected("attendu : accept ou receive", "expected: accept or receive")
	case s.Accept != nil && n.get("expect") == nil:
		d.out.add(s.Accept.Pos, Text{FR: "qu'est-ce qui est attendu du candidat ?", EN: "what is expected of the candidate?"}).
			expected("ajoutez expect: {tls: refused} ou {message: received}", "add expect: {tls: refused} or {message: received}")
	case s.Connect != nil && s.Connect.Renewed && s.sends():
		d.out.add(s.Pos, Text{FR: "une étape attend un nouveau certificat ou envoie, pas les deux", EN: "a step waits for a new certificate or sends, not both"}).
			expected("envoyez à l'étape suivante", "send in the next step")
	case s.Connect != nil && s.Connect.Crowd > 0 && !s.sends() && n.get("expect") != nil:
		d.out.add(n.get("expect").pos, Text{FR: "ces connexions ne disent rien : il n'y a rien à attendre", EN: "these connections say nothing: there is nothing to expect"}).
			expected("ajoutez « send », ou une étape qui en envoie un", `add "send", or a step that has one`)
	}
	if expects(s.Expect, TargetSession) && s.Receive == nil && (!s.sends() || s.Connect != nil || s.raw()) {
		d.out.add(s.Pos, Text{FR: "« session » est une question d'un message sur la connexion du précédent", EN: `"session" is about a message on the connection of the one before`}).
			expected("attendu : « send », sans « connect » ni « wire »", `expected: "send", without "connect" and "wire"`)
	}
	if s.Accept == nil && expects(s.Expect, TargetMessage) {
		d.out.add(s.Pos, Text{FR: "« message » est attendu d'un candidat qui se connecte à nous", EN: `"message" is expected of a candidate that connects to us`})
	}
	if s.Accept != nil && expects(s.Expect, TargetConnection) {
		d.out.add(s.Pos, Text{FR: "« connection » est une question de la connexion que nous ouvrons", EN: `"connection" is about the connection that we open`})
	}
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

// serverIdentity decodes the name of an identity that one of our servers shows.
func (d *decoder) serverIdentity(n *node) string {
	name := d.present(n)
	if name == NoIdentity {
		d.out.add(n.pos, Text{FR: "un serveur TLS montre toujours un certificat", EN: "a TLS server always shows a certificate"}).
			expected("attendu : le nom d'une identité", "expected: the name of an identity")
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
