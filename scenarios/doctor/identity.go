package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509/pkix"
	"encoding/asn1"
	"slices"

	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/scenarios"
)

// identity finds out whether the server asks who we are, what it makes of our
// answer, and whether it would take none.
func (e *exam) identity(ctx context.Context, c *Check) {
	facts := &IdentityFacts{Asks: e.best.request != nil, Ours: NotShown, Anonymous: Undecided}
	e.report.Facts.Identity = facts
	if facts.Asks {
		facts.Authorities = authorityNames(e.best.request)
	}
	ours, ourErr := e.received(ctx)
	if e.pair != nil && facts.Asks {
		facts.Ours = ours
	}
	switch {
	case !facts.Asks || e.pair == nil:
		facts.Anonymous = ours
	case e.messages && ours == Accepted:
		facts.Anonymous = e.withoutIdentity(ctx)
	}
	if ourErr != nil {
		facts.Alert = ourErr.Alert
	}
	e.refused = e.refused || ours == Refused
	e.judgeIdentities(c, facts, ours, ourErr)
}

// received is what the server makes of us as we come. In TLS 1.3 only an answer
// to a message tells; in TLS 1.2 the handshake does.
func (e *exam) received(ctx context.Context) (Judgement, *mllp.Error) {
	if e.messages {
		x := e.begin(ctx)
		switch {
		case x.err == nil:
			return Accepted, nil
		case x.err.Kind == mllp.HandshakeRefused:
			return Refused, x.err
		}
		return Undecided, x.err
	}
	if e.best.err != nil && !e.best.broken() {
		return Refused, e.failure(e.best.err)
	}
	if e.best.done && e.best.version <= tls.VersionTLS12 {
		return Accepted, nil
	}
	return Undecided, nil
}

// withoutIdentity is what the server makes of somebody without a certificate. It
// takes us as we are, so that anything but an answer is a refusal, with or
// without an alert; silence may be slowness.
func (e *exam) withoutIdentity(ctx context.Context) Judgement {
	client := e.newClient(nil)
	defer client.Close()
	x := e.exchange(ctx, client, e.probe())
	switch {
	case x.err == nil:
		return Accepted
	case x.err.Kind == mllp.NoAnswer, x.err.Kind == mllp.NoConnection, x.err.Timeout > 0:
		return Undecided // a server that serves one connection at a time keeps the second waiting
	}
	return Refused
}

func (e *exam) judgeIdentities(c *Check, facts *IdentityFacts, ours Judgement, ourErr *mllp.Error) {
	mutual := textf("faites exiger un certificat de client par le correspondant : l'authentification doit être mutuelle", "let the peer demand a client certificate: authentication has to be mutual")
	named := e.namesOurAuthority()
	switch {
	case ours == Refused && e.pair == nil:
		c.Found = textf("exige un certificat, et nous n'en présentons pas", "demands a certificate, and we present none")
		remedy := textf("donnez un certificat et sa clé (tls.cert et tls.key, --tls-cert et --tls-key)", "give a certificate and its key (tls.cert and tls.key, --tls-cert and --tls-key)")
		if e.opt.Files != nil && e.opt.Files.Cert != "" {
			remedy = textf("corrigez d'abord nos propres fichiers", "mend our own files first")
		}
		c.fault(Match, "identity.required", told(ourErr), remedy)
	case ours == Refused:
		c.Found = textf("refuse notre certificat", "refuses our certificate")
		if ourErr.Alert != "" {
			c.Found = textf("refuse notre certificat (alerte %s)", "refuses our certificate (alert %s)", ourErr.Alert)
		}
		c.fault(Match, "identity.refused", told(ourErr), advised(ourErr))
	case !facts.Asks:
		c.Found = textf("ne demande pas de certificat", "asks for no certificate")
		c.warn(Peer, "identity.not-asked", textf("le serveur ne demande pas qui nous sommes : n'importe qui peut lui envoyer des messages", "the server does not ask who we are: anybody can send it messages"), mutual)
	case ours == Accepted && e.pair != nil:
		c.Found = joined(" ; ", textf("demande un certificat et accepte le nôtre", "asks for a certificate and accepts ours"), map[Judgement]scenarios.Text{
			Accepted: textf("accepte aussi de n'en pas voir", "takes none as well"), Refused: textf("refuse l'anonyme", "refuses anonymous"),
		}[facts.Anonymous])
	case ours == Accepted:
		c.Found = textf("demande un certificat et se passe du nôtre", "asks for a certificate and does without ours")
	default: // no tick for what is not known
		c.Status = Note
		c.Found = textf("demande un certificat ; ce qu'il fait du nôtre ne se voit pas", "asks for a certificate; what it makes of ours cannot be seen")
	}
	if facts.Asks && facts.Anonymous == Accepted {
		c.warn(Peer, "identity.anonymous-accepted", textf("un client sans certificat est accepté : l'authentification n'est pas mutuelle", "a client without a certificate is accepted: authentication is not mutual"), mutual)
	}
	if len(facts.Authorities) > 0 && e.pair != nil && !named {
		const shown = 5
		names := facts.Authorities
		if len(names) > shown {
			names = append(names[:shown:shown], "…")
		}
		text := textf("le serveur attend un certificat de : %s ; le nôtre vient de %s", "the server expects a certificate from: %s; ours is from %s", list(names), e.pair.Leaf.Issuer)
		remedy := textf("présentez un certificat d'une de ces autorités, ou faites ajouter la nôtre chez le correspondant", "present a certificate of one of these authorities, or have ours added at the peer")
		if ours == Refused {
			c.fault(Match, "identity.other-authority", text, remedy)
		} else {
			c.note("identity.other-authority", text, remedy)
		}
	}
}

// namesOurAuthority reports whether one of the authorities that the server names
// stands in our chain.
func (e *exam) namesOurAuthority() bool {
	if e.pair == nil || e.best.request == nil {
		return false
	}
	chain := readCertificates(e.opt.Files.Cert)
	for _, dn := range e.best.request.AcceptableCAs {
		for _, cert := range chain {
			if slices.Equal(dn, cert.RawIssuer) {
				return true
			}
		}
	}
	return false
}

// authorityNames reads the names of the authorities that a server takes.
func authorityNames(request *tls.CertificateRequestInfo) []string {
	const most = 100
	var names []string
	for _, der := range request.AcceptableCAs[:min(len(request.AcceptableCAs), most)] {
		var rdn pkix.RDNSequence
		if rest, err := asn1.Unmarshal(der, &rdn); err != nil || len(rest) > 0 {
			names = append(names, "?")
			continue
		}
		var name pkix.Name
		name.FillFromRDNSequence(&rdn)
		names = append(names, name.String())
	}
	return names
}
