package scenarios

import (
	"slices"
	"strconv"
	"strings"

	"github.com/pamlab/pamlab/mllp/mllptest"
)

const (
	wireKeys   = "before start end after inside segments encoding bom size chunk every fault case read repeat"
	insideKeys = "at bytes"
	faultKeys  = "latency cut reset half-close stall flood corrupt duplicate reorder"
	stallKeys  = "at for"
	floodKeys  = "at size bytes"
	byteKeys   = "at byte"
)

// Bounds of what a step makes of one message.
const (
	maxWireSize   = 256 << 20
	maxWireChunk  = 1 << 20
	maxWireRepeat = 100_000
	maxDuplicates = 100
)

// wire decodes how the bytes of a step go out.
func (d *decoder) wire(n *node, s *Step) *Wire {
	if n == nil || !d.mapping(n, wireKeys) {
		return nil
	}
	w := &Wire{Pos: n.pos}
	if len(n.pairs) == 0 && !n.lost {
		d.out.add(n.pos, Text{FR: "rien n'est déformé ici", EN: "nothing is bent here"}).Expected = oneOf(strings.Fields(wireKeys))
	}
	for _, p := range n.pairs {
		d.wireKey(w, p)
	}
	d.wireSense(w, n, s)
	return w
}

func (d *decoder) wireKey(w *Wire, p pair) {
	switch v := p.value; p.key.text {
	case "before":
		w.Before = d.bytes(v)
	case "after":
		w.After = d.bytes(v)
	case "start":
		w.NoStart = d.word(v, "none") == "none"
	case "end":
		w.End = WireEnd(d.word(v, string(EndNone), string(EndNoCR), string(EndLF)))
	case "inside":
		w.Inside = d.inside(v)
	case "segments":
		w.Segments = WireSegments(d.word(v, string(SegmentsLF), string(SegmentsCRLF), string(SegmentsNoLastCR)))
	case "encoding":
		w.Encoding = WireEncoding(d.word(v, string(EncodingUTF16LE), string(EncodingUTF16BE)))
	case "bom":
		w.BOM = d.boolean(v)
	case "size":
		w.Size = int64(d.sizeUpTo(v, maxWireSize))
	case "chunk":
		w.Chunk = d.numberIn(v, 1, maxWireChunk)
	case "every":
		w.Every = d.wait(v)
	case "fault":
		w.Fault = d.wireFault(v)
	case "case":
		w.Case = d.wireCase(v)
	case "read":
		w.Mute = d.word(v, "never") == "never"
	case "repeat":
		w.Repeat = d.numberIn(v, 2, maxWireRepeat)
	}
}

// bytes decodes bytes that are written as characters, each of which is one byte.
func (d *decoder) bytes(n *node) []byte {
	text, ok := d.text(n)
	if !ok {
		return nil
	}
	b := make([]byte, 0, len(text))
	for i, r := range []rune(text) {
		if r > 0xff {
			d.out.add(n.at(i, 1), Textf("« %c » n'est pas un octet", "%q is no byte", r)).
				expected(`attendu : des caractères de \x00 à \xff entre guillemets doubles`, `expected: characters from \x00 to \xff in double quotes`)
			return nil
		}
		b = append(b, byte(r))
	}
	return b
}

// numberIn decodes a whole number.
func (d *decoder) numberIn(n *node, least, most int) int {
	text, ok := d.text(n)
	if !ok {
		return 0
	}
	v, err := strconv.Atoi(text)
	if err != nil || v < least || v > most {
		d.out.add(n.pos, Textf("« %s » n'est pas un nombre de %d à %d", "%q is no number from %d to %d", text, least, most))
		return 0
	}
	return v
}

// place decodes `50%` or a number of bytes.
func (d *decoder) place(n *node) Place {
	text, ok := d.text(n)
	if !ok {
		return Place{}
	}
	digits, percent := strings.CutSuffix(text, "%")
	v, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || v < 0 || percent && v > 100 || v > maxWireSize {
		d.out.add(n.pos, Textf("« %s » n'est pas un endroit", "%q is no place", text)).
			expected("attendu : de 0%% à 100%%, ou un nombre d'octets", "expected: 0%% to 100%%, or a number of bytes")
		return Place{}
	}
	return Place{N: v, Percent: percent}
}

func (d *decoder) inside(n *node) *Insert {
	if !d.mapping(n, insideKeys) {
		return nil
	}
	d.required(n, "at", "bytes")
	in := &Insert{}
	if at := n.get("at"); at != nil {
		in.At = d.place(at)
	}
	if b := n.get("bytes"); b != nil {
		in.Bytes = d.bytes(b)
	}
	return in
}

// wireCase decodes the name of a case.
func (d *decoder) wireCase(n *node) string {
	name, ok := d.text(n)
	if !ok {
		return ""
	}
	if _, known := mllptest.Find(name); !known {
		d.out.unknown(n.pos, Textf("aucun cas ne s'appelle « %s »", "no case is called %q", name), name, mllptest.Names())
		return ""
	}
	return name
}

// wireFault decodes a mapping with one of faultKeys.
func (d *decoder) wireFault(n *node) *WireFault {
	if !d.mapping(n, faultKeys) {
		return nil
	}
	if len(n.pairs) != 1 {
		d.out.add(n.pos, Text{FR: "un seul défaut par étape", EN: "one fault per step"}).Expected = oneOf(strings.Fields(faultKeys))
		return nil
	}
	p := n.pairs[0]
	f := &WireFault{Pos: p.span(), Kind: FaultKind(p.key.text), At: Place{N: 100, Percent: true}}
	switch v := p.value; f.Kind {
	case FaultLatency:
		f.For = d.wait(v)
	case FaultCut, FaultReset:
		f.At = d.place(v)
	case FaultHalfClose:
		if v.kind != scalar || v.text != "true" {
			f.At = d.place(v)
		}
	case FaultStall:
		d.stall(f, v)
	case FaultFlood:
		d.flood(f, v)
	case FaultCorrupt:
		d.corrupt(f, v)
	case FaultDuplicate:
		if f.Times = 1; v.kind != scalar || v.text != "true" {
			f.Times = d.numberIn(v, 1, maxDuplicates)
		}
	case FaultReorder:
		d.word(v, "true")
	}
	return f
}

// stall decodes `stall: 50%` and `stall: {at: 50%, for: 3s}`.
func (d *decoder) stall(f *WireFault, n *node) {
	if n.kind != mapping {
		f.At = d.place(n)
		return
	}
	d.mapping(n, stallKeys)
	d.required(n, "at")
	if at := n.get("at"); at != nil {
		f.At = d.place(at)
	}
	if span := n.get("for"); span != nil {
		f.For = d.wait(span)
	}
}

// flood decodes `flood: 16MiB`, which comes before the message, and
// `flood: {at: 50%, size: 16MiB, bytes: "x"}`.
func (d *decoder) flood(f *WireFault, n *node) {
	f.At = Place{}
	if n.kind != mapping {
		f.Size = int64(d.sizeUpTo(n, maxWireSize))
		return
	}
	d.mapping(n, floodKeys)
	d.required(n, "size")
	if at := n.get("at"); at != nil {
		f.At = d.place(at)
	}
	if size := n.get("size"); size != nil {
		f.Size = int64(d.sizeUpTo(size, maxWireSize))
	}
	if b := n.get("bytes"); b != nil {
		f.Bytes = d.bytes(b)
	}
}

func (d *decoder) corrupt(f *WireFault, n *node) {
	if !d.mapping(n, byteKeys) {
		return
	}
	d.required(n, "at", "byte")
	if at := n.get("at"); at != nil {
		f.At = d.place(at)
	}
	if b := n.get("byte"); b != nil {
		if f.Bytes = d.bytes(b); len(f.Bytes) != 1 {
			d.out.add(b.pos, Text{FR: "un seul octet est attendu ici", EN: "a single byte is expected here"})
		}
	}
}

// wireSense reports keys that make no sense together.
func (d *decoder) wireSense(w *Wire, n *node, s *Step) {
	has := func(keys string) *node {
		for _, p := range n.pairs {
			if slices.Contains(strings.Fields(keys), p.key.text) {
				return p.key
			}
		}
		return nil
	}
	bends := has("before start end after inside segments encoding bom size")
	switch {
	case w.Case != "" && s.Send != nil:
		d.out.add(n.get("case").pos, Text{
			FR: "le cas est envoyé à la place du message : il n'y a pas de « send »", EN: `the case is sent in the place of a message: there is no "send"`,
		})
	case w.Case != "" && bends != nil:
		d.out.add(bends.pos, Text{FR: "les octets d'un cas partent tels quels", EN: "the bytes of a case go out as they are"})
	case !hasKey(n, "case") && s.Send == nil:
		d.out.add(n.pos, Text{FR: "« wire » sans « send » : il n'y a pas de message", EN: `"wire" without "send": there is no message`}).
			expected("attendu : send, ou wire: {case: …}", "expected: send, or wire: {case: …}")
	}
	if other := has("inside segments encoding bom"); w.Size > 0 && other != nil {
		d.out.add(other.pos, Text{FR: "un message rempli par « size » n'est pas déformé autrement", EN: `a message that "size" fills is not bent otherwise`})
	}
	if w.Every > 0 && !hasKey(n, "chunk") {
		d.out.add(has("every").pos, Text{FR: "« every » sépare des écritures : combien d'octets chacune ?", EN: `"every" is between writes: how many bytes each?`}).
			expected("ajoutez chunk: 1", "add chunk: 1")
	}
	if w.Repeat > 0 && !w.Mute {
		d.out.add(has("repeat").pos, Text{FR: "« repeat » est pour qui ne lit pas : ajoutez read: never", EN: `"repeat" is for who does not read: add read: never`}).
			expected("sinon : send: {burst: […]} ou fault: {duplicate: 3}", "otherwise: send: {burst: […]} or fault: {duplicate: 3}")
	}
	if f := w.Fault; f != nil && f.Kind == FaultReorder && (s.Send == nil || s.Send.Kind != SendBurst) {
		d.out.add(f.Pos, Text{FR: "« reorder » veut plusieurs messages", EN: `"reorder" wants several messages`}).
			expected("attendu : send: {burst: [A28, A31]}", "expected: send: {burst: [A28, A31]}")
	}
}

// hasKey reports whether a mapping has a key, whatever its value.
func hasKey(n *node, key string) bool { return n.get(key) != nil || n.slip(key) }

// deafness reports expectations about answers that a step does not hear.
func (d *decoder) deafness(s *Step) {
	if !s.Wire.deaf() {
		return
	}
	reason := Text{FR: "cette étape ne lit pas ce qui revient", EN: "this step does not read what comes back"}
	if s.Wire.Fault.ends() {
		reason = Text{FR: "nous fermons cette connexion : rien n'en revient", EN: "we close this connection: nothing comes back on it"}
	}
	var look func(list []*Expectation)
	look = func(list []*Expectation) {
		for _, e := range list {
			switch {
			case e.Target == TargetAccept, e.Target == TargetNoAccept, e.Target == TargetAcceptConforms,
				e.Target == TargetAck, e.Target == TargetNoAck, e.Target == TargetConforms, e.Target == TargetLatency, e.Target == TargetAnswers,
				e.Target == TargetConnection:
				d.out.add(e.Pos, reason)
			}
			for _, alternative := range e.AnyOf {
				look(alternative)
			}
		}
	}
	look(s.Expect)
}

// modes reports what makes no sense in the enhanced mode, which a burst does not
// have: nobody could tell which acknowledgement belongs to what.
func (d *decoder) modes(s *Step) {
	if s.enhanced() && s.Send != nil && s.Send.Kind == SendBurst {
		d.out.add(s.Send.Pos, Text{
			FR: "une rafale n'a pas de mode étendu : pas de « accept » ni de « via »", EN: `a burst has no enhanced mode: no "accept" and no "via"`,
		})
	}
	if s.Via.listens() && expectsDirectly(s.Expect, TargetNoAck) {
		d.out.add(s.viaPos, Text{FR: "un acquittement qui ne vient pas n'a pas de chemin", EN: "an acknowledgement that does not come has no way"})
	}
}

func expectsDirectly(list []*Expectation, target Target) bool {
	return slices.ContainsFunc(list, func(e *Expectation) bool { return e.Target == target })
}
