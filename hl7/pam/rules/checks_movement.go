package rules

import (
	"bytes"
	_ "embed"
	"slices"
	"strings"
	"sync"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/schema"
)

// actionFitsEvent says whether ZBE-4 is an action that the profile gives to the
// event: where it is not, that is the fault to speak of.
func actionFitsEvent(s *scope) bool {
	return s.event != nil && oneOf(s.event.Actions, s.code("ZBE", 4))
}

// originIsCancelled says whether ZBE-6 is an event that this one takes back.
func originIsCancelled(s *scope) bool {
	return s.event == nil || oneOf(s.event.Cancels, s.code("ZBE", 6))
}

// originInserts says whether ZBE-6 is an event that inserts a movement.
func originInserts(s *scope) bool {
	e := s.profile.Event(string(s.code("ZBE", 6)))
	return e != nil && e.Kind == "insert"
}

// movementAtEvent says whether ZBE-2 and EVN-6 are the same time, as far as
// both are given.
func movementAtEvent(s *scope) bool {
	movement, event := s.code("ZBE", 2), s.code("EVN", 6)
	if bytes.Equal(movement, event) {
		return true // nearly always
	}
	if a, b := zoneOf(movement), zoneOf(event); a != "" && b != "" && a != b {
		t, err := hl7.ParseTime(string(movement), nil)
		u, other := hl7.ParseTime(string(event), nil)
		return err != nil || other != nil || t.Equal(u.Time)
	}
	movement, event = instant(movement), instant(event)
	n := min(len(movement), len(event))
	return bytes.Equal(movement[:n], event[:n]) || !isTime(movement) || !isTime(event)
}

// isTime says whether there is such a time. Whether that is a fault is the
// business of another rule.
func isTime(raw []byte) bool {
	_, err := hl7.ParseTime(string(raw), nil)
	return err == nil
}

// zoneOf returns the offset at the end of a time, "+0100".
func zoneOf(raw []byte) string {
	if i := bytes.IndexAny(raw, "+-"); i >= 0 {
		return string(raw[i:])
	}
	return ""
}

// movementIDs finds a second identifier of the movement.
func movementIDs(s *scope, found func(hl7.Value)) {
	if _, _, more := cut(s.raw("ZBE", 1), s.delims.repetition); !more {
		return
	}
	if v := s.field("ZBE", 1).Repetition(2); v.State() == hl7.Present {
		found(v)
	}
}

// natureLetters are the letters of which the natures of ZBE-9 are made.
const natureLetters = "SHMLDC"

// natureOfLetters says whether ZBE-9 is made of letters that mean something,
// whatever the combination: only then can anything follow from them.
func natureOfLetters(s *scope) bool {
	raw := s.code("ZBE", 9)
	for _, c := range raw {
		if strings.IndexByte(natureLetters, c) < 0 {
			return false
		}
	}
	return len(raw) > 0
}

// natureInOtherOrder says whether ZBE-9 has the letters of a code of its table
// in another order: HM for MH.
func natureInOtherOrder(s *scope) bool {
	if s.fact == nil || s.fact.Table == nil {
		return false
	}
	letters := sorted(string(s.code("ZBE", 9)))
	return slices.ContainsFunc(s.fact.Table.Codes, func(c schema.Code) bool { return sorted(c.Value) == letters })
}

func sorted(letters string) string {
	b := []byte(letters)
	slices.Sort(b)
	return string(b)
}

//go:embed catalogue/dmt.txt
var disciplines string

// activities are those that a discipline (PV1-10) allows in PV1-21, read when a
// setting asks for them.
var activities = sync.OnceValue(func() map[string][]string {
	all := map[string][]string{}
	for line := range strings.Lines(disciplines) {
		modes, list, ok := strings.Cut(line, ":")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		allowed := strings.Fields(modes)
		for discipline := range strings.FieldsSeq(list) {
			all[discipline] = allowed
		}
	}
	return all
})

// disciplineFitsActivity holds PV1-10 and PV1-21 against the SAE matrix. A
// discipline that the matrix does not have goes with any activity.
func disciplineFitsActivity(s *scope) bool {
	allowed, known := activities()[string(s.code("PV1", 10))]
	return !known || slices.Contains(allowed, string(s.code("PV1", 21)))
}
