package doctor

import (
	"context"
	"crypto/tls"
	"time"

	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/scenarios"
)

// slowAnswer is when an acknowledgement is worth a word: a hospital at its
// busiest hour sends several messages a second.
const slowAnswer = 2 * time.Second

// echo looks at the answer to the first message.
func (e *exam) echo(ctx context.Context, c *Check) {
	x := e.begin(ctx)
	facts := &EchoFacts{}
	e.report.Facts.Echo = facts
	if x.err != nil {
		e.unanswered(c, x.err)
		return
	}
	facts.Answered, facts.LatencyMS = true, milliseconds(x.response.Latency)
	over := textf("en clair", "in plain")
	if state := x.response.Conn.TLS; state != nil {
		facts.TLSVersion = tls.VersionName(state.Version)
		over = both(facts.TLSVersion)
	}
	for _, o := range x.response.Oddities {
		facts.Oddities = append(facts.Oddities, string(o.Kind))
		c.warn(Peer, "echo.frame-"+string(o.Kind), told2(o.In), textf("corrigez le bloc MLLP chez le correspondant : 0x0B, le message, 0x1C 0x0D, rien d'autre", "mend the MLLP block at the peer: 0x0B, the message, 0x1C 0x0D, nothing else"))
	}
	if x.receipt == nil {
		c.Found = joined(", ", textf("répond autre chose qu'un acquittement", "answers something else than an acknowledgement"), over)
		c.fault(Peer, "echo.not-hl7", told(x.notHL7), advised(x.notHL7))
		return
	}
	facts.Code, facts.SameID = string(x.receipt.Code), x.receipt.MessageID == x.id
	c.Found = joined(", ", textf("acquitté (%s) en %s", "acknowledged (%s) in %s", x.receipt.Code, short(x.response.Latency)), over)
	for _, o := range x.receipt.Message.Oddities() {
		facts.Oddities = append(facts.Oddities, string(o.Kind))
		c.warn(Peer, "echo.message-"+string(o.Kind), told2(o.In), told2(o.Hint))
	}
	judgeReceipt(c, x)
	facts.StaysOpen = e.client.Probe(ctx, e.opt.Settle) == nil
}

// judgeReceipt tells what a sender has to know about the acknowledgement.
func judgeReceipt(c *Check, x *exchange) {
	switch {
	case x.receipt.MessageID != x.id:
		c.fault(Peer, "echo.message-id",
			textf("MSA-2 vaut « %s », notre MSH-10 « %s » : l'acquittement ne peut être rendu à son message", "MSA-2 is %q, our MSH-10 %q: the acknowledgement cannot be matched with its message", x.receipt.MessageID, x.id),
			textf("recopiez MSH-10 dans MSA-2, octet pour octet", "copy MSH-10 into MSA-2, byte for byte"))
	case !x.receipt.Code.Valid():
		c.fault(Peer, "echo.code", textf("MSA-1 vaut « %s »", "MSA-1 is %q", string(x.receipt.Code)), textf("attendu : AA, AE ou AR", "expected: AA, AE or AR"))
	case x.receipt.Code.Positive():
		c.note("echo.accepts-anything", textf("un message de type inconnu (%s) est accepté", "a message of an unknown type (%s) is accepted", probeType),
			textf("pour la connexion c'est égal ; un type inconnu devrait être refusé (AR, 200)", "that does not matter for the connection; an unknown type should be rejected (AR, 200)"))
	}
	if x.response.Latency > slowAnswer {
		c.warn(Peer, "echo.slow", textf("l'acquittement a mis %s", "the acknowledgement took %s", short(x.response.Latency)), textf("acquittez à la réception, traitez ensuite", "acknowledge on receipt, process afterwards"))
	}
}

// unanswered tells why the first message was not answered.
func (e *exam) unanswered(c *Check, err *mllp.Error) {
	c.Found = textf("pas d'acquittement", "no acknowledgement")
	remedy := advised(err)
	code := "echo." + string(err.Kind)
	if err.Kind == mllp.NoAnswer || err.Kind == mllp.PeerClosed {
		maybe := textf("le message d'essai est d'un type inconnu, qu'il faut refuser (AR) et non ignorer ; « pamlab send » essaie un vrai message",
			"the probe is of an unknown type, which is to be rejected (AR) and not ignored; `pamlab send` tries a real message")
		remedy = joined(" ; ", remedy, maybe)
	}
	side := Peer
	if err.Kind == mllp.NoConnection {
		side = Network
	}
	c.fault(side, code, told(err), remedy)
}

// told2 asks for a text in both languages.
func told2(in func(lang string) string) scenarios.Text {
	return scenarios.Text{FR: in("fr"), EN: in("en")}
}

// connection looks at how long connections last, so that a sender knows whether
// to keep them.
func (e *exam) connection(ctx context.Context, c *Check) {
	facts := &ConnectionFacts{ClosesAfterAnswer: e.report.Facts.Echo != nil && !e.report.Facts.Echo.StaysOpen}
	e.report.Facts.Connection = facts
	x := e.exchange(ctx, e.client, e.probe())
	switch {
	case x.err != nil:
		facts.Second = "failed"
		c.Found = textf("le second message n'a pas de réponse", "the second message is not answered")
		c.fault(Peer, "connection.second", told(x.err), advised(x.err))
		return
	case x.response.Reopened || facts.ClosesAfterAnswer:
		facts.Second = "new-connection"
	default:
		facts.Second = "same-connection"
	}
	facts.SecondLatencyMS = milliseconds(x.response.Latency)
	begun := time.Now()
	idle := e.client.Probe(ctx, e.opt.Idle)
	facts.WatchedMS = milliseconds(time.Since(begun))
	facts.ClosedWhileIdle = idle != nil
	switch {
	case facts.ClosesAfterAnswer:
		c.Found = textf("se ferme après chaque réponse ; le message suivant en ouvre une autre", "closes after each answer; the next message opens another")
		c.note("connection.closes-after-answer", textf("le correspondant ferme la connexion après chaque réponse : c'est permis, et coûte une poignée de main par message", "the peer closes the connection after each answer: that is allowed, and costs a handshake for each message"),
			textf("gardez-la ouverte si les messages sont fréquents", "keep it open if messages are frequent"))
	case facts.ClosedWhileIdle:
		c.Found = textf("second message sur la même connexion ; se ferme au repos après %s", "second message on the same connection; closes when idle after %s", short(time.Since(begun)))
		c.note("connection.closes-when-idle", textf("le correspondant ferme une connexion au repos en moins de %s", "the peer closes an idle connection in less than %s", short(e.opt.Idle)),
			textf("un expéditeur doit la rouvrir sans perdre de message", "a sender has to open it again without losing a message"))
	default:
		c.Found = textf("second message sur la même connexion (%s) ; reste ouverte au repos (vu pendant %s)", "second message on the same connection (%s); stays open when idle (watched for %s)", short(x.response.Latency), short(e.opt.Idle))
	}
}
