package doctor

import (
	"bytes"
	"context"
	"errors"
	"strings"

	"github.com/pamlab/pamlab/hl7/legible"
	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/scenarios"
)

// protocol finds out whether the port speaks TLS or MLLP in plain. It first
// tries what we mean to speak: a peer that answers need not be told the other,
// which can disturb it.
func (e *exam) protocol(ctx context.Context, c *Check) {
	facts := &ProtocolFacts{Expected: SpeaksMLLP}
	e.report.Facts.Protocol = facts
	if e.opt.Files != nil {
		facts.Expected = SpeaksTLS
	}
	tries := []func(context.Context) (Speech, string){e.inPlain, e.inTLS}
	if facts.Expected == SpeaksTLS {
		tries[0], tries[1] = tries[1], tries[0]
	}
	for _, try := range tries {
		speaks, first := try(ctx)
		if facts.Speaks == "" || rank(speaks) > rank(facts.Speaks) {
			facts.Speaks, facts.First = speaks, legible.Line(first)
		}
		if speaks == SpeaksTLS || speaks == SpeaksMLLP {
			break
		}
	}
	e.speaks = facts.Speaks
	e.messages = e.speaks == SpeaksMLLP
	e.judgeProtocol(c, facts)
}

// rank orders what was learnt from two tries.
func rank(s Speech) int {
	return map[Speech]int{Silent: 1, HangsUp: 2, SpeaksOther: 3, SpeaksMLLP: 4, SpeaksTLS: 5}[s]
}

// inTLS says a ClientHello with everything that crypto/tls can offer.
func (e *exam) inTLS(ctx context.Context) (Speech, string) {
	return e.shakeHands(ctx, everyOffer(e.pair)).spoken()
}

// inPlain sends a probe in plain.
func (e *exam) inPlain(ctx context.Context) (Speech, string) {
	client := e.newClient(nil) // in plain, because nothing else is known yet
	defer client.Close()
	_, err := client.Do(ctx, e.probe())
	if err == nil {
		return SpeaksMLLP, ""
	}
	var failed *mllp.Error
	if !errors.As(err, &failed) {
		return Silent, ""
	}
	var frame *mllp.FrameError
	if errors.As(err, &frame) && frame.Kind == mllp.FrameTLS {
		return SpeaksTLS, ""
	}
	for _, o := range failed.Oddities {
		if o.Kind == mllp.GarbageBefore && len(bytes.TrimSpace(o.Sample)) > 0 {
			return SpeaksOther, string(o.Sample)
		}
	}
	switch failed.Kind {
	case mllp.PeerClosed:
		return HangsUp, ""
	case mllp.BrokenFrame, mllp.TooLarge:
		return SpeaksMLLP, "" // badly, as the echo will tell
	}
	return Silent, ""
}

func (e *exam) judgeProtocol(c *Check, facts *ProtocolFacts) {
	expected := map[Speech]scenarios.Text{SpeaksTLS: both("TLS"), SpeaksMLLP: textf("en clair", "in plain")}[facts.Expected]
	switch {
	case facts.Speaks == facts.Expected:
		c.Found = map[Speech]scenarios.Text{SpeaksTLS: both("TLS"), SpeaksMLLP: textf("MLLP en clair", "MLLP in plain")}[facts.Speaks]
	case facts.Speaks == SpeaksTLS:
		c.Found = textf("TLS, et nous parlons en clair", "TLS, and we speak in plain")
		c.fault(Match, "protocol.peer-tls", textf("vous parlez en clair, le correspondant parle TLS sur ce port", "you speak in plain, the peer speaks TLS on this port"),
			textf("donnez les certificats (--tls-ca, --tls-cert, --tls-key, ou tls: dans le fichier du candidat), ou un port sans TLS",
				"give the certificates (--tls-ca, --tls-cert, --tls-key, or tls: in the candidate file), or a port without TLS"))
	case facts.Speaks == SpeaksMLLP:
		c.Found = textf("MLLP en clair, et nous parlons TLS", "MLLP in plain, and we speak TLS")
		c.fault(Match, "protocol.peer-plain", textf("vous parlez TLS, le correspondant parle en clair sur ce port", "you speak TLS, the peer speaks in plain on this port"),
			textf("activez TLS chez le correspondant, ou ôtez-le ici (options --tls-…, section tls: du fichier du candidat)",
				"turn TLS on at the peer, or off here (flags --tls-…, section tls: of the candidate file)"))
	case facts.Speaks == SpeaksOther:
		c.Found = textf("ni TLS ni MLLP : « %s »", "neither TLS nor MLLP: %q", legible.Clip(facts.First, 40))
		c.fault(Match, "protocol.other", textf("un autre service répond sur ce port : « %s »", "another service answers on this port: %q", legible.Clip(facts.First, 40)), otherService(facts.First))
	case facts.Speaks == HangsUp:
		c.Found = textf("ferme la connexion sans rien dire", "closes the connection without a word")
		c.fault(Peer, "protocol.hangs-up", scenarios.Text{
			FR: "le correspondant ferme chaque connexion, en TLS comme en clair", EN: "the peer closes every connection, in TLS and in plain"},
			textf("regardez son journal ; il n'accepte peut-être que certaines adresses, ou trop peu de connexions", "look into its log; perhaps it takes certain addresses only, or too few connections"))
	default:
		c.Found = textf("accepte la connexion et se tait", "accepts the connection and says nothing")
		c.fault(Peer, "protocol.silent",
			scenarios.Text{FR: "le correspondant ne répond ni à un ClientHello TLS ni à un message MLLP (attendu : " + expected.FR + ")",
				EN: "the peer answers neither a TLS ClientHello nor an MLLP message (expected: " + expected.EN + ")"},
			textf("regardez s'il est bloqué ; s'il n'acquitte que des messages qu'il connaît, « pamlab send » le dira", "see whether it hangs; if it acknowledges only messages that it knows, `pamlab send` will tell"))
	}
}

// otherService guesses from the first bytes what else listens there.
func otherService(first string) scenarios.Text {
	port := textf("vérifiez l'adresse et le port MLLP du correspondant", "check the address and the MLLP port of the peer")
	name := ""
	switch {
	case strings.HasPrefix(first, "HTTP"), strings.HasPrefix(first, "<"):
		name = "HTTP"
	case strings.HasPrefix(first, "SSH-"):
		name = "SSH"
	case strings.HasPrefix(first, "220"):
		name = "SMTP / FTP"
	case strings.HasPrefix(first, "MSH"):
		return textf("le correspondant envoie son message sans début de bloc : chaque message commence par 0x0B et finit par 0x1C 0x0D",
			"the peer sends its message without a start of block: every message begins with 0x0B and ends with 0x1C 0x0D")
	default:
		return port
	}
	return scenarios.Text{FR: "c'est un serveur " + name + " : " + port.FR, EN: "this is a server of " + name + ": " + port.EN}
}
