package doctor

import (
	"bytes"
	"context"
	"encoding/hex"
	"strings"
	"unicode/utf8"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/scenarios"
)

// The names that carry accents: those of an application and of a facility, never
// of a person. Their first letters show whether an answer gives them back at all.
const (
	accentMark        = "PAMLAB-"
	accentApplication = accentMark + "ÉÀÇ"
	accentFacility    = "HÔPITAL-ÈÎÜ"
)

var (
	receivingApplication = hl7.MustPath("MSH-5")
	receivingFacility    = hl7.MustPath("MSH-6")
)

// charset sends accents in each character set, as the names of a sender, which
// an acknowledgement gives back (MSH-5 and MSH-6).
func (e *exam) charset(ctx context.Context, c *Check) {
	var lines []scenarios.Text
	for _, set := range e.sets() {
		facts := e.tryCharset(ctx, set)
		facts.Expected = set == e.opt.Charset
		e.report.Facts.Charset = append(e.report.Facts.Charset, facts)
		lines = append(lines, scenarios.Text{FR: setName(set) + " " + echoWords[facts.Result].FR, EN: setName(set) + " " + echoWords[facts.Result].EN})
		e.judgeCharset(c, set, facts)
	}
	c.Found = joined(" · ", lines...)
}

// sets are the character sets to try: the one that the peer is said to use first.
func (e *exam) sets() []hl7.Charset {
	sets := []hl7.Charset{e.opt.Charset}
	for _, set := range []hl7.Charset{hl7.UTF8, hl7.Latin1} {
		if set != e.opt.Charset {
			sets = append(sets, set)
		}
	}
	return sets
}

func setName(set hl7.Charset) string {
	switch set {
	case hl7.UTF8:
		return "UTF-8"
	case hl7.Latin1:
		return "ISO-8859-1"
	case hl7.Latin9:
		return "ISO-8859-15"
	}
	return set.String()
}

var echoWords = map[Echoed]scenarios.Text{
	EchoSame:        textf("revient octet pour octet", "comes back byte for byte"),
	EchoRecoded:     textf("revient dans un autre jeu, déclaré", "comes back in another set, declared"),
	EchoUndeclared:  textf("revient sans être déclaré", "comes back undeclared"),
	EchoDamaged:     textf("revient abîmé", "comes back damaged"),
	EchoNotReturned: textf("ne revient pas", "does not come back"),
	EchoUnanswered:  textf("sans réponse", "not answered"),
}

func (e *exam) tryCharset(ctx context.Context, set hl7.Charset) CharsetFacts {
	facts := CharsetFacts{Charset: string(set), Result: EchoUnanswered}
	data, err := e.build(set, accentApplication, accentFacility)
	if err != nil { // cannot be: the sets have these letters
		return facts
	}
	sent := [2][]byte{encoded(set, accentApplication), encoded(set, accentFacility)}
	facts.Sent = hex.EncodeToString(sent[0])
	x := e.exchange(ctx, e.client, data)
	if x.receipt == nil {
		return facts
	}
	m := x.receipt.Message
	back := [2][]byte{m.Lookup(receivingApplication).Raw(), m.Lookup(receivingFacility).Raw()}
	facts.Returned, facts.Declared = hex.EncodeToString(back[0]), m.Header().Charset
	facts.Result = compare(set, facts.Declared, sent, back)
	return facts
}

func encoded(set hl7.Charset, text string) []byte {
	b, _ := set.Encode(text)
	return b
}

// compare finds out what became of the names.
func compare(set hl7.Charset, declared string, sent, back [2][]byte) Echoed {
	said, err := hl7.ParseCharset(first(declared))
	known := err == nil && declared != ""
	switch {
	case !bytes.HasPrefix(back[0], []byte(accentMark)):
		return EchoNotReturned
	case bytes.Equal(back[0], sent[0]) && bytes.Equal(back[1], sent[1]):
		if known && said == set || known && said == hl7.Latin9 && set == hl7.Latin1 || known && said == hl7.Latin1 && set == hl7.Latin9 {
			return EchoSame
		}
		return EchoUndeclared
	case known:
		application, errA := said.Decode(back[0])
		facility, errF := said.Decode(back[1])
		if errA == nil && errF == nil && application == accentApplication && facility == accentFacility {
			return EchoRecoded
		}
	}
	return EchoDamaged
}

// first is the first repetition of MSH-18.
func first(declared string) string {
	before, _, _ := strings.Cut(declared, "~")
	return before
}

func (e *exam) judgeCharset(c *Check, set hl7.Charset, facts CharsetFacts) {
	status := Warning // a set that nobody said the peer would use
	if facts.Expected {
		status = Fault
	}
	name := setName(set)
	switch facts.Result {
	case EchoUndeclared:
		c.warn(Peer, "charset.undeclared",
			textf("%s : les octets reviennent intacts, mais MSH-18 de la réponse dit « %s »", "%s: the bytes come back intact, but MSH-18 of the answer says %q", name, facts.Declared),
			textf("recopiez MSH-18 de la demande quand la réponse n'est pas en ASCII pur", "copy MSH-18 of the request when the answer is not pure ASCII"))
	case EchoDamaged:
		c.add(status, Peer, "charset.damaged",
			textf("%s : les accents reviennent abîmés (%s → %s)", "%s: accents come back damaged (%s → %s)", name, facts.Sent, facts.Returned), why(set, facts))
	case EchoUnanswered:
		c.add(status, Peer, "charset.unanswered", textf("%s : un message avec des accents n'a pas d'acquittement", "%s: a message with accents is not acknowledged", name),
			textf("regardez le journal du correspondant ; vérifiez qu'il lit MSH-18", "look into the peer's log; check that it reads MSH-18"))
	case EchoNotReturned:
		c.note("charset.not-returned", textf("%s : la réponse ne rend pas nos noms (MSH-5, MSH-6) : rien ne se voit", "%s: the answer does not give our names back (MSH-5, MSH-6): nothing can be seen", name),
			textf("un accusé de réception échange les noms : MSH-5 et MSH-6 sont les MSH-3 et MSH-4 du message", "an acknowledgement exchanges the names: MSH-5 and MSH-6 are MSH-3 and MSH-4 of the message"))
	}
}

// why guesses from the bytes that came back what the peer did to them.
func why(set hl7.Charset, facts CharsetFacts) scenarios.Text {
	back, _ := hex.DecodeString(facts.Returned)
	sent, _ := hex.DecodeString(facts.Sent)
	switch {
	case set == hl7.UTF8 && string(back) == widened(sent):
		return textf("le correspondant lit de l'UTF-8 comme de l'ISO-8859-1 : qu'il suive MSH-18", "the peer reads UTF-8 as ISO-8859-1: let it follow MSH-18")
	case bytes.Contains(back, []byte("?")), bytes.Contains(back, []byte("\uFFFD")), bytes.Contains(back, []byte{0xBF}):
		return textf("le correspondant remplace ce qu'il ne sait pas lire : qu'il lise le message dans le jeu de MSH-18 (%s)", "the peer replaces what it cannot read: let it read the message in the set of MSH-18 (%s)", string(set))
	case set != hl7.UTF8 && utf8.Valid(back) && string(back) == accentApplication:
		return textf("le correspondant répond en UTF-8 sans le dire : MSH-18 doit nommer le jeu de la réponse", "the peer answers in UTF-8 and does not say so: MSH-18 has to name the set of the answer")
	}
	return textf("vérifiez que le correspondant lit et écrit dans le jeu que MSH-18 nomme", "check that the peer reads and writes in the set that MSH-18 names")
}

// widened is what becomes of bytes that are read as ISO-8859-1 and written as
// UTF-8.
func widened(b []byte) string {
	var s strings.Builder
	for _, c := range b {
		s.WriteRune(rune(c))
	}
	return s.String()
}
