package reference

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
)

// What a DMN answered in an earlier life it answers again, and nothing of what it
// accepted is applied twice.
func TestRecall(t *testing.T) {
	type exchanged struct{ message, answer []byte }
	var past []exchanged
	first := newDMN(t, Options{})
	for _, m := range []segments{
		adt(v25, "A01", "M1").moved("1"),
		adt(v25, "A02", "M2").moved("2"),
		adt(v25, "A01", "M3").moved("3"), // while an admission is open: AE
		adt(v25, "A99", "M4"),            // AR
	} {
		message := []byte(strings.ReplaceAll(m.text(), "É", "E"))
		h, v := first.judge(t.Context(), message)
		past = append(past, exchanged{message, first.compose(h, v)})
	}

	second := newDMN(t, Options{})
	for range 2 { // a second time changes nothing
		for _, x := range past {
			second.Recall(t.Context(), x.message, x.answer)
		}
	}
	require.Equal(t, first.State(), second.State())
	for i, want := range []hl7.AckCode{hl7.AA, hl7.AA, hl7.AE} {
		_, v := second.judge(t.Context(), past[i].message)
		require.Equal(t, want, v.code)
		require.Equal(t, Repeated, v.outcome)
	}
	_, v := second.judge(t.Context(), past[2].message)
	require.Equal(t, hl7.ConditionDuplicateKey, v.errors[0].Code, "with the same reason")
	_, v = second.judge(t.Context(), past[3].message)
	require.Equal(t, hl7.AR, v.code)
	require.Equal(t, Refused, v.outcome, "a rejection is not remembered")

	second.Reset()
	require.Empty(t, second.State().Patients)
	_, v = second.judge(t.Context(), past[0].message)
	require.Equal(t, Applied, v.outcome)
}

// Where messages are not kept, memos are: the same answers, by number, and nothing
// of the record.
func TestRecallMemo(t *testing.T) {
	past := []string{
		adt(v25, "A01", "M1").moved("1").text(),
		adt(v25, "A01", "M3").moved("3").text(), // while an admission is open: AE
		adt(v25, "A99", "M4").text(),            // AR
		adt(v25, "A01", "M5").text(),            // no ZBE: AE
		adt(v25, "A03", "").moved("6").text(),   // no MSH-10
		"what nobody can read",                  // AR
	}
	var answers []verdict
	var memos [][]byte
	first := newDMN(t, Options{})
	for _, m := range past {
		h, v := first.decide(t.Context(), []byte(m), Ahead{})
		answers = append(answers, v)
		memos = append(memos, Decision{header: h, payload: []byte(m), verdict: v}.Memo())
	}
	require.Nil(t, memos[2])
	require.Nil(t, memos[4])
	require.Nil(t, memos[5])

	second := newDMN(t, Options{})
	for range 2 {
		for _, memo := range append(memos, []byte("{}"), []byte(`{"key":"AA==","code":"AA"}`), []byte("[")) {
			second.RecallMemo(memo)
		}
	}
	for _, i := range []int{0, 1, 3} {
		_, v := second.judge(t.Context(), []byte(past[i]))
		require.Equal(t, Repeated, v.outcome)
		require.Equal(t, answers[i].code, v.code)
		require.Len(t, v.errors, len(answers[i].errors))
		for j, e := range v.errors {
			then := answers[i].errors[j]
			require.Equal(t, hl7.AckError{Location: then.Location, Code: then.Code, Severity: then.Severity}, e)
		}
	}
	require.Empty(t, second.State().Patients)
	_, v := second.judge(t.Context(), []byte(adt(v25, "A01", "M1").moved("9").text()))
	require.NotEqual(t, Repeated, v.outcome, "another content is another message")
}

// Whoever stands before a DMN may decide in its place.
func TestForced(t *testing.T) {
	admit := adt(v25, "A01", "M1").moved("1").bytes(t)
	for _, tt := range []struct {
		name     string
		message  []byte
		force    Refusal
		patients int
	}{
		{"AE to what is good", admit, Refusal{Code: hl7.AE, Errors: []hl7.AckError{{Code: hl7.ConditionLocked}}}, 0},
		{"AR", admit, Refusal{Code: hl7.AR}, 0},
		{"AA to what is good", admit, Refusal{Code: hl7.AA}, 1},
		{"AA to what nobody knows", adt(v25, "A99", "M1").bytes(t), Refusal{Code: hl7.AA}, 0},
		{"AA to what cannot be filed", adt(v25, "A01", "M1").of("").bytes(t), Refusal{Code: hl7.AA}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := newDMN(t, Options{})
			_, v := d.decide(t.Context(), tt.message, Ahead{Force: &tt.force})
			require.Equal(t, tt.force.Code, v.code)
			require.Equal(t, tt.force.Errors, v.errors)
			require.Len(t, d.State().Patients, tt.patients)
			_, v = d.decide(t.Context(), tt.message, Ahead{Force: &tt.force})
			if tt.force.Code != hl7.AR {
				require.Equal(t, Repeated, v.outcome, "the decision stands")
				require.Equal(t, tt.force.Code, v.code)
			}
		})
	}
}
