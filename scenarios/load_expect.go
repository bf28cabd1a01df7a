package scenarios

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pamlab/pamlab/hl7"
)

const (
	expectKeys  = "ack accept answers sent received conforms since connection session message latency tls status json any_of"
	latencyKeys = "under level because"
	tlsKeys     = "outcome alert version cipher peer"
	peerKeys    = "subject fingerprint not_after renewed"
	ackCodes    = "AA AE AR CA CE CR"
)

// tlsAlerts are the alerts of RFC 8446 §6 and, for TLS 1.2, of RFC 5246 §7.2.
const tlsAlerts = `close_notify unexpected_message bad_record_mac record_overflow handshake_failure
bad_certificate unsupported_certificate certificate_revoked certificate_expired certificate_unknown
illegal_parameter unknown_ca access_denied decode_error decrypt_error protocol_version
insufficient_security internal_error inappropriate_fallback user_canceled no_renegotiation
missing_extension unsupported_extension unrecognized_name bad_certificate_status_response
unknown_psk_identity certificate_required no_application_protocol`

// expect decodes what must hold after a step.
func (d *decoder) expect(s *Step, n *node) {
	if n == nil {
		return
	}
	s.Expect = d.expectations(s, n, expectKeys)
}

// expectations decodes a group of expectations, all of which must hold.
func (d *decoder) expectations(s *Step, n *node, known string) []*Expectation {
	if !d.mapping(n, known) {
		return nil
	}
	if len(n.pairs) == 0 {
		d.out.add(n.pos, Text{FR: "rien n'est attendu ici", EN: "nothing is expected here"}).Expected = oneOf(strings.Fields(known))
	}
	var list []*Expectation
	for _, p := range n.pairs {
		switch Target(p.key.text) {
		case TargetAck:
			list = append(list, d.expectAck(s, p, applicationAck())...)
		case TargetAccept:
			list = append(list, d.expectAck(s, p, commitAck())...)
		case TargetSent:
			list = append(list, d.expectFields(p.value, TargetSent)...)
		case TargetReceived:
			list = append(list, d.expectFields(p.value, TargetReceived)...)
		case Target(conformsKey):
			list = append(list, d.expectLawful(p)...)
		case TargetSince:
			list = append(list, d.expectSince(p)...)
		case TargetStatus:
			list = d.expectMatch(list, p, &Expectation{Target: TargetStatus})
		case TargetJSON:
			list = append(list, d.expectJSON(p.value)...)
		case TargetAnswers:
			list = d.expectMatch(list, p, &Expectation{Target: TargetAnswers}, answerCounts()...)
		case TargetConnection:
			list = d.expectMatch(list, p, &Expectation{Target: TargetConnection}, ConnectionOpen, ConnectionClosed)
		case TargetSession:
			list = d.expectMatch(list, p, &Expectation{Target: TargetSession}, SessionKept, SessionReopened)
		case TargetMessage:
			list = d.expectMatch(list, p, &Expectation{Target: TargetMessage}, MessageCame, NoMessage)
		case TargetLatency:
			list = append(list, d.expectLatency(p)...)
		case TargetTLS:
			list = append(list, d.expectTLS(p)...)
		case TargetAnyOf:
			list = append(list, d.expectAnyOf(s, p))
		}
	}
	return list
}

// maxAnswers is how many answers to one step can be expected.
const maxAnswers = 2 * maxBurst

// answerCounts are the numbers of answers that can be expected.
func answerCounts() []string {
	list := make([]string, maxAnswers+1)
	for i := range list {
		list[i] = strconv.Itoa(i)
	}
	return list
}

func (d *decoder) expectAnyOf(s *Step, p pair) *Expectation {
	e := &Expectation{Pos: p.key.pos, Target: TargetAnyOf, Level: Must}
	known := strings.TrimSuffix(expectKeys, " any_of")
	for _, item := range d.list(p.value) {
		e.AnyOf = append(e.AnyOf, d.expectations(s, item, known))
	}
	if len(e.AnyOf) < 2 && p.value.kind == sequence && !p.value.lost {
		d.out.add(p.key.pos, Text{FR: "« any_of » veut au moins deux issues", EN: `"any_of" wants two outcomes at least`})
	}
	return e
}

// ackForm is what the expectations of one of the two acknowledgements are called.
type ackForm struct {
	field, none, conforms Target
	codes                 []string
}

func applicationAck() ackForm {
	return ackForm{TargetAck, TargetNoAck, TargetConforms, strings.Fields(ackCodes)}
}

func commitAck() ackForm {
	return ackForm{TargetAccept, TargetNoAccept, TargetAcceptConforms, []string{"CA", "CE", "CR"}}
}

// expectAck decodes `ack: AA`, `ack: none` and `ack: {MSA-1: …, within: 5s}`, and
// the same of `accept`.
func (d *decoder) expectAck(s *Step, p pair, form ackForm) []*Expectation {
	n := p.value
	if n.kind != mapping {
		return d.expectCode(p, n, form)
	}
	var list, conforms []*Expectation
	fields := *n
	fields.pairs = nil
	for _, f := range n.pairs {
		switch f.key.text {
		case "within":
			s.Within = max(s.Within, d.wait(f.value))
		case "code":
			list = append(list, d.expectCode(f, f.value, form)...)
		case conformsKey:
			conforms = append(conforms, d.expectConforms(f, form.conforms)...)
		case viaKey:
			d.via(s, f, form)
		default:
			fields.pairs = append(fields.pairs, f)
		}
	}
	if len(n.pairs) == 0 && !n.lost || len(n.pairs) > 0 && len(list)+len(fields.pairs) == 0 && n.get(conformsKey) == nil && n.get(viaKey) == nil {
		d.out.add(p.key.pos, Text{FR: "rien n'est attendu de l'acquittement", EN: "nothing is expected of the acknowledgement"}).
			expected("attendu : comme AA, none ou {MSA-1: AE, ERR-3.1: \"207\"}", "expected: like AA, none or {MSA-1: AE, ERR-3.1: \"207\"}")
	}
	if len(list) > 0 && list[0].Target == form.none {
		if len(fields.pairs) > 0 {
			d.out.add(fields.pairs[0].key.pos, Text{
				FR: "un acquittement qui ne vient pas n'a pas de champs", EN: "an acknowledgement that does not come has no fields",
			})
		}
		for _, e := range conforms {
			d.out.add(e.Pos, Text{
				FR: "un acquittement qui ne vient pas n'est pas jugé", EN: "an acknowledgement that does not come is not judged",
			})
		}
	}
	rest := d.expectFields(&fields, form.field, form.codes...)
	if n.get("code") != nil {
		for _, e := range rest {
			if samePlace(e.Path) == samePlace(hl7.MustPath("MSA-1")) {
				d.out.add(e.Pos, Text{FR: "« code » est déjà ce qui est attendu de MSA-1", EN: `"code" already is what is expected of MSA-1`}).
					expected("gardez l'un des deux", "keep one of the two")
			}
		}
	}
	return slices.Concat(list, rest, conforms)
}

// viaKey is the key of ack that says on which connection it comes.
const viaKey = "via"

func (d *decoder) via(s *Step, p pair, form ackForm) {
	if form.field != TargetAck {
		d.out.add(p.key.pos, Text{
			FR: "l'acquittement de transport revient toujours sur la connexion du message",
			EN: "the commit acknowledgement always comes back on the connection of the message",
		})
		return
	}
	way := Via(d.word(p.value, string(ViaSame), string(ViaOther), string(ViaEither)))
	if s.Via != ViaAny && s.Via != way { // in two alternatives of any_of
		d.out.add(p.span(), Textf("le chemin est déjà donné ligne %d", "the way was already given on line %d", s.viaPos.Line)).
			expected("either, quand les deux conviennent", "either, when both will do")
		return
	}
	s.Via, s.viaPos = way, p.span()
}

// samePlace writes equal places equally: PID[1]-8 is PID-8, PID-5[1].1 is PID-5.1.
func samePlace(p hl7.Path) string { return strings.Replace(p.String(), "[1].", ".", 1) }

// expectCode decodes the code of an acknowledgement, which is MSA-1, or none.
func (d *decoder) expectCode(p pair, n *node, form ackForm) []*Expectation {
	if n.kind == scalar && n.text == "none" {
		return []*Expectation{{Pos: p.span(), Target: form.none, Level: Must}}
	}
	e := &Expectation{Target: form.field, Field: "MSA-1", Path: hl7.MustPath("MSA-1")}
	known := form.codes
	if n.kind == scalar {
		known = append(known, "none")
	}
	return d.expectMatch(nil, p, e, known...)
}

// expectFields decodes paths and what must stand there. codes are those that
// MSA-1 can have.
func (d *decoder) expectFields(n *node, target Target, codes ...string) []*Expectation {
	if !d.isMapping(n) {
		return nil
	}
	var list []*Expectation
	first := map[string]*node{}
	for _, p := range n.pairs {
		field := p.key.text
		if before := first[field]; before != nil {
			d.out.add(p.key.pos, Textf("la clé « %s » est déjà écrite ligne %d", "the key %q was already given on line %d", field, before.pos.Line))
			continue
		}
		first[field] = p.key
		path, ok := d.path(p.key, field, 0)
		if !ok {
			continue
		}
		if name := path.SegmentName(); target != TargetSent && target != TargetReceived && !knownSegment(name, ackSegments) && !isWord(p.value, "absent") {
			d.out.add(p.key.pos, Textf("un acquittement n'a pas de segment %s", "an acknowledgement has no segment %s", name)).
				expected("attendu : MSH, MSA, ERR, SFT ou un segment Z", "expected: MSH, MSA, ERR, SFT or a Z segment")
			continue
		}
		var words []string
		if field == "MSA-1" {
			words = codes
		}
		list = d.expectMatch(list, p, &Expectation{Target: target, Field: field, Path: path}, words...)
	}
	return list
}

// isWord reports whether n is a plain word, which quotes would make a text.
func isWord(n *node, word string) bool {
	return n.kind == scalar && !n.quoted && !n.block && n.text == word
}

// expectMatch completes an expectation with its matcher and adds it to list.
// When words are given, texts that the matcher compares with must be among
// them.
func (d *decoder) expectMatch(list []*Expectation, p pair, e *Expectation, words ...string) []*Expectation {
	e.Pos = p.span()
	e.Level, e.Because = d.level(p.value)
	e.Matcher = d.matcher(p.value, words)
	if e.Matcher == nil {
		return list
	}
	switch e.Target {
	case TargetAck, TargetAccept, TargetSent, TargetReceived, TargetJSON:
		d.plurality(p, e)
	}
	return append(list, e)
}

// plurality checks that a path with [*] meets a matcher for several values, and
// only such a path; a count needs no [*] for what it counts.
func (d *decoder) plurality(p pair, e *Expectation) {
	several := e.Path.Several() || e.JSON.several()
	if e.Matcher.counts() && !several && e.Target == TargetJSON {
		e.JSON.steps = append(e.JSON.steps, jsonStep{index: -1})
		return
	}
	if e.Matcher.counts() && !several {
		each := e.Path.String() + "[*]"
		if e.Path.Component() > 0 {
			d.out.add(p.key.pos, Text{
				FR: "« count » compte des segments ou des répétitions", EN: `"count" counts segments or repetitions`,
			}).expected("attendu : comme ERR, PID-3 ou PID-3[*].1", "expected: like ERR, PID-3 or PID-3[*].1")
		} else if path, err := hl7.CompilePath(each); err == nil {
			e.Path = path
		}
		return
	}
	switch plural := e.Matcher.plural(); {
	case several && !plural:
		d.out.add(p.key.pos, Text{
			FR: "un chemin avec [*] donne plusieurs valeurs", EN: "a path with [*] gives several values",
		}).expected("dites any, all ou count", "say any, all or count")
	case !several && plural:
		d.out.add(p.key.pos, Text{
			FR: "« any » et « all » demandent plusieurs valeurs", EN: `"any" and "all" ask about several values`,
		}).expected("écrivez le chemin avec [*], comme PID-3[*].4", "write the path with [*], like PID-3[*].4")
	}
}

// level reads what may stand beside a matcher.
func (d *decoder) level(n *node) (Level, Text) {
	if n.kind != mapping {
		return Must, Text{}
	}
	level := Must
	if l := n.get("level"); l != nil {
		level = Level(d.word(l, string(Must), string(Should), string(Info)))
	}
	return level, d.bilingual(n.get("because"))
}

// expectLatency decodes `latency: 2s` and `latency: {under: 2s, level: should}`.
func (d *decoder) expectLatency(p pair) []*Expectation {
	e := &Expectation{Pos: p.span(), Target: TargetLatency}
	bound := p.value
	if bound.kind == mapping {
		if d.mapping(bound, latencyKeys); bound.lost && bound.get("under") == nil {
			return nil
		}
		d.required(bound, "under")
		e.Level, e.Because = d.level(bound)
		bound = bound.get("under")
	} else {
		e.Level = Must
	}
	var under time.Duration
	if bound != nil {
		under = d.wait(bound)
	}
	e.Matcher = &Matcher{Pos: p.value.pos, tests: []test{underTest{under}}}
	return []*Expectation{e}
}

// expectTLS decodes `tls: refused` and `tls: {outcome: refused, alert: …}`.
// Facts about a connection imply that there was one, an alert that there was
// none, unless the outcome says it.
func (d *decoder) expectTLS(p pair) []*Expectation {
	outcome := func(q pair) []*Expectation {
		return d.expectMatch(nil, q, &Expectation{Target: TargetTLS, Field: "outcome"}, TLSAccepted, TLSRefused)
	}
	if p.value.kind != mapping {
		return outcome(p)
	}
	if !d.mapping(p.value, tlsKeys) {
		return nil
	}
	var list []*Expectation
	add := func(q pair, field string, words ...string) {
		list = d.expectMatch(list, q, &Expectation{Target: TargetTLS, Field: field}, words...)
	}
	for _, q := range p.value.pairs {
		switch q.key.text {
		case "outcome":
			list = append(outcome(q), list...)
		case "alert":
			add(q, "alert", strings.Fields(tlsAlerts)...)
		case "version":
			add(q, "version", tlsVersions()...)
		case "cipher":
			add(q, "cipher")
		case "peer":
			if d.mapping(q.value, peerKeys) {
				for _, fact := range q.value.pairs {
					var words []string
					if fact.key.text == "renewed" {
						words = []string{"true", "false"}
					}
					add(fact, "peer."+fact.key.text, words...)
				}
			}
		}
	}
	d.contradiction(p.value)
	if p.value.get("outcome") == nil && len(list) > 0 {
		word := TLSAccepted
		if p.value.get("alert") != nil {
			word = TLSRefused
		}
		implied := &Expectation{
			implied: true,
			Pos:     p.key.pos, Target: TargetTLS, Field: "outcome", Level: Must,
			Matcher: &Matcher{Pos: p.key.pos, tests: []test{equalTest{literalTemplate(p.key.pos, word)}}},
		}
		list = slices.Insert(list, 0, implied)
	}
	return list
}

// contradiction reports facts that a connection with that outcome does not have:
// who was refused has no version to look at, who was accepted got no alert.
func (d *decoder) contradiction(n *node) {
	outcome, alert := n.get("outcome"), n.get("alert")
	if outcome != nil && outcome.kind == mapping && outcome.get("is") != nil {
		outcome = outcome.get("is")
	}
	accepted := outcome != nil && isText(outcome, TLSAccepted)
	refused := outcome != nil && isText(outcome, TLSRefused) || outcome == nil && alert != nil && !none(alert)
	for _, p := range n.pairs {
		switch key := p.key.text; {
		case none(p.value):
		case accepted && key == "alert":
			d.out.add(p.span(), Text{
				FR: "une connexion acceptée n'a pas d'alerte", EN: "a connection that was accepted has no alert",
			})
		case refused && (key == "version" || key == "cipher" || key == "peer"):
			d.out.add(p.span(), Textf("une connexion refusée n'a pas de « %s »",
				"a connection that was refused has no %q", key))
		}
	}
}

func isText(n *node, text string) bool { return n.kind == scalar && n.text == text }

// none reports whether a matcher asks for nothing to be there.
func none(n *node) bool {
	return isWord(n, "absent") || n.kind == mapping && n.get("absent") != nil
}
