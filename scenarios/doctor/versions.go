package doctor

import (
	"context"
	"crypto/tls"
	"strings"

	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/scenarios"
)

// tlsVersions are those that are tried, each by itself.
var tlsVersions = []struct {
	id   uint16
	name string
}{
	{tls.VersionTLS10, "1.0"}, {tls.VersionTLS11, "1.1"}, {tls.VersionTLS12, "1.2"}, {tls.VersionTLS13, "1.3"},
}

// everyOffer is all that crypto/tls can offer.
func everyOffer(pair *tls.Certificate) offer {
	return offer{min: tls.VersionTLS10, max: tls.VersionTLS13, suites: everySuite(), pair: pair}
}

// versions tries each version of TLS by itself, and keeps the best handshake.
func (e *exam) versions(ctx context.Context, c *Check) {
	var took, left []string
	weak12 := ""      // the suite of a TLS 1.2 that we do not speak
	var refusal error // of the newest version that was refused for another reason than itself
	for _, v := range tlsVersions {
		facts, s := e.version(ctx, v.id, v.name)
		e.report.Facts.Versions = append(e.report.Facts.Versions, facts)
		if !facts.Accepted {
			left = append(left, v.name)
			if refusal == nil || facts.Alert != "protocol_version" {
				refusal = s.err
			}
			continue
		}
		took = append(took, v.name+" ("+facts.Suite+")")
		if s.answered {
			e.best = s
		}
		switch {
		case v.id < tls.VersionTLS12:
			c.warn(Peer, "versions.old",
				textf("TLS %s est accepté : cette version est abandonnée (RFC 8996)", "TLS %s is accepted: this version is deprecated (RFC 8996)", v.name),
				textf("désactivez-la chez le correspondant", "turn it off at the peer"))
		case facts.Usable:
			e.messages = true
		default:
			weak12 = facts.Suite
		}
	}
	c.Found = joined(" ; ", accepted(took), refusedVersions(left))
	if !e.messages {
		e.noCommonVersion(c, weak12, refusal)
	}
}

func accepted(versions []string) scenarios.Text {
	if len(versions) == 0 {
		return scenarios.Text{}
	}
	return textf("accepte %s", "accepts %s", strings.Join(versions, ", "))
}

func refusedVersions(versions []string) scenarios.Text {
	if len(versions) == 0 {
		return scenarios.Text{}
	}
	return textf("refuse %s", "refuses %s", strings.Join(versions, ", "))
}

// version tries one version: with our suites first, then with every suite.
func (e *exam) version(ctx context.Context, id uint16, name string) (VersionFacts, *shake) {
	facts := VersionFacts{Version: name}
	ours := offer{min: id, max: id, suites: ourSuites(), pair: e.pair}
	if id < tls.VersionTLS12 {
		ours.suites = everySuite()
	}
	s := e.shakeHands(ctx, ours)
	facts.Usable = s.answered && !s.broken() && id >= tls.VersionTLS12
	if !s.answered && id == tls.VersionTLS12 {
		ours.suites = everySuite()
		if weak := e.shakeHands(ctx, ours); weak.answered {
			s = weak
		}
	}
	if s.answered {
		facts.Accepted, facts.Suite = true, tls.CipherSuiteName(s.suite)
		return facts, s
	}
	if id == tls.VersionTLS12 {
		if suite := e.onlyDHE(ctx); suite != "" {
			facts.Accepted, facts.Suite = true, suite
			return facts, s
		}
	}
	facts.Alert, _, _ = mllp.Alert(s.err)
	if s.err != nil {
		facts.Error = s.err.Error()
	}
	return facts, s
}

// noCommonVersion explains why we would not come to speak with the server.
func (e *exam) noCommonVersion(c *Check, weak12 string, refusal error) {
	switch {
	case e.best != nil && e.best.broken():
		failed := e.failure(e.best.err)
		text, remedy := told(failed), advised(failed)
		if strings.Contains(e.best.err.Error(), "invalid signature by the server certificate") {
			text = textf("le serveur ne prouve pas qu'il a la clé de son certificat : sa signature est fausse", "the server does not prove that it has the key of its certificate: its signature is wrong")
			remedy = textf("donnez au serveur la clé avec laquelle son certificat a été demandé", "give the server the key with which its certificate was requested")
		}
		c.fault(Peer, "versions.broken", text, remedy)
	case strings.Contains(weak12, "_DHE_"):
		c.fault(Match, "versions.dhe-only",
			textf("le correspondant ne prend que des suites DHE (%s) : elles sont permises, pamlab ne les parle pas", "the peer takes DHE suites only (%s): they are allowed, pamlab does not speak them", weak12),
			textf("c'est une limite de cet outil : activez aussi une suite ECDHE avec AES-GCM, ou TLS 1.3, chez le correspondant", "this is a limit of this tool: enable an ECDHE suite with AES-GCM, or TLS 1.3, at the peer as well"))
	case weak12 != "":
		c.fault(Peer, "versions.weak-suites",
			textf("en TLS 1.2 le correspondant ne prend que des suites trop faibles (%s)", "in TLS 1.2 the peer takes suites only that are too weak (%s)", weak12),
			textf("activez chez lui une suite ECDHE avec AES-GCM, ou TLS 1.3", "enable an ECDHE suite with AES-GCM, or TLS 1.3, there"))
	case e.best != nil:
		c.fault(Peer, "versions.none", textf("ni TLS 1.2 ni TLS 1.3", "neither TLS 1.2 nor TLS 1.3"),
			textf("activez TLS 1.2 ou 1.3 chez le correspondant", "enable TLS 1.2 or 1.3 at the peer"))
	default:
		failed := e.failure(refusal)
		c.fault(Match, "versions.refused", told(failed), advised(failed))
	}
}
