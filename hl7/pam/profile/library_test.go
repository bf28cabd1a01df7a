package profile

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

// with returns a library of the files in the program and some more, or others
// in their place.
func with(t testing.TB, files map[string]string) *library {
	t.Helper()
	all := fstest.MapFS{}
	entries, err := fs.ReadDir(dataFiles, "data")
	require.NoError(t, err)
	for _, e := range entries {
		data, err := fs.ReadFile(dataFiles, "data/"+e.Name())
		require.NoError(t, err)
		all["data/"+e.Name()] = &fstest.MapFile{Data: data}
	}
	for name, text := range files {
		all["data/"+name+".txt"] = &fstest.MapFile{Data: []byte(text)}
	}
	l, err := newLibrary(all, "data")
	require.NoError(t, err)
	return l
}

// next is a version that does not exist, with a change of each kind.
const next = `# PAM.fr 2.12
title	PAM.fr 2.12 sur HL7 2.5	PAM.fr 2.12 on HL7 2.5
dialect	pam-fr-2.12
layers	hl7 iti fr
layer	fr
pam	2.12
extends	pam-fr-2.11.2

codes	0004	PAM.fr 6.10.1
	+	T	Téléconsultation	Teleconsultation
segment	PID	PAM.fr 6.6
	34	.	.	R	1..1	.	PAM.fr 6.6.16	Lieu de dernière mise à jour
		fr	Toujours.
		en	Always.
segment	ZFT	PAM.fr 6.22	Téléconsultation	Teleconsultation
	1	ID	8	R	1..1	IHE-FRANCE-ZFT-1	.	Plateforme	Platform
table	IHE-FRANCE-ZFT-1	closed	PAM.fr 6.22.1	ZFT-1	Plateforme	Platform
	X	Inconnue	Unknown
type	CX	App. N FR N.1
	9	.	.	R
part	admission	ZFA? ZFP? ZFV? ZFM? ZFD? ZFT?
without	A49
soften	PID-34	missing
`

// TestNextVersionIsAFile adds a version without a line of code.
func TestNextVersionIsAFile(t *testing.T) {
	l := with(t, map[string]string{"pam-fr-2.12": next})
	p, err := l.load("pam-fr-2.12")
	require.NoError(t, err)
	old, err := l.load("pam-fr-2.11.2")
	require.NoError(t, err)
	require.Equal(t, "2.12", p.PAM)
	require.Len(t, p.Table("0004").Codes, len(old.Table("0004").Codes)+1)
	require.True(t, p.Version.Table("0004").Contains([]byte("T")))
	require.False(t, old.Version.Table("0004").Contains([]byte("T")))
	require.Equal(t, "R", p.Version.Segment("PID").Field(34).Usage.String())
	require.Equal(t, Origin{"fr", "PAM.fr 6.6.16", text("Toujours.", "Always.")}, p.FieldOrigin("PID", 34))
	require.Equal(t, "Plateforme", p.FieldName("ZFT", 1).FR)
	require.Equal(t, "IHE-FRANCE-ZFT-1", p.Version.Segment("ZFT").Field(1).Table.Number)
	require.Equal(t, "R", p.Version.Segment("PID").Field(3).Type.Component(9).Usage.String())
	require.True(t, p.Event("A01").Foresees("ZFT"))
	require.True(t, p.Event("A01").Grammar.Has("ZFT"))
	require.False(t, old.Event("A01").Grammar.Has("ZFT"))
	require.Nil(t, p.Event("A49"))
	require.NotNil(t, old.Event("A49"))
	require.Contains(t, l.profiles(), "pam-fr-2.12")
}

// TestNewestOfADialect does not compare names.
func TestNewestOfADialect(t *testing.T) {
	head := "dialect\tpam-fr-2.11\nlayer\tfr\npam\t2.11.10\nextends\tpam-fr-2.11.2\n"
	p, err := with(t, map[string]string{"a-later-one": head}).load("")
	require.NoError(t, err)
	require.Equal(t, "a-later-one", p.Name)
}

func TestDataErrors(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"kind of line", "base\t2.5\nfoo\tx", `x.txt:2:1: "foo" is no kind of line`},
		{"no base", "title\ta", "x.txt: it has no base"},
		{"too early", "table\t0001", "x.txt:1:1: base or extends has to come first"},
		{"two bases", "base\t2.5\nbase\t2.5", "x.txt:2:1: a profile has one base"},
		{"base", "base\t3", `x.txt:1:6: there is no version "3"`},
		{"extends nothing", "extends\tnope\n", "x.txt: extends what cannot be read: nope"},
		{"extends itself", "extends\tx\n", "x.txt: extends what cannot be read: x"},
		{"extends late", "\nextends\tpam-2.5", "x.txt:2:9: extends has to stand among the first lines"},
		{"orphan", "base\t2.5\n\t3\tCX", "x.txt:2:2: this line belongs to none"},
		{"orphan note", "base\t2.5\n\t\tfr\tx", "x.txt:2:3: there is nothing to annotate here"},
		{"language", "base\t2.5\nsegment\tPID\n\t3\n\t\tde\tx", "x.txt:4:3: a note begins with fr or en"},
		{"field", "base\t2.5\nsegment\tPID\n\t41\tCX", "x.txt:3:2: the number of a field was expected"},
		{"field end", "base\t2.5\nsegment\tPID\n\tend\tx", "x.txt:3:6: the number of the last field was expected"},
		{"type of field", "base\t2.5\nsegment\tPID\n\t3\tCXX", `x.txt:3:4: there is no data type "CXX"`},
		{"length", "base\t2.5\nsegment\tPID\n\t3\tCX\t0", "x.txt:3:7: a length was expected"},
		{"usage", "base\t2.5\nsegment\tPID\n\t3\tCX\t1\tQ", "x.txt:3:9: a usage was expected: R, RE, O, C, CE, B, W or X"},
		{"bounds", "base\t2.5\nsegment\tPID\n\t3\tCX\t1\tR\t2..1", "x.txt:3:11: a cardinality such as 0..1 or 1..* was expected"},
		{"table of field", "base\t2.5\nsegment\tPID\n\t3\tCX\t1\tR\t1..1\tNOPE", `x.txt:3:16: there is no table "NOPE", which PID-3 uses`},
		{"joint table", "base\t2.5\nsegment\tPID\n\t3\tCX\t1\tR\t1..1\t0001/NO", `x.txt:3:16: there is no table "0001/NO", which PID-3 uses`},
		{"component", "base\t2.5\ntype\tCX\n\t12\tST", "x.txt:3:2: the number of a component was expected"},
		{"type", "base\t2.5\ntype\t-", "x.txt:2:6: the name of a data type was expected"},
		{"variant of nothing", "base\t2.5\nvariant\tC\tD", `x.txt:2:9: there is no data type "C"`},
		{"variant without name", "base\t2.5\nvariant\tCX", "x.txt:2:12: the name of the variant was expected"},
		{"table", "base\t2.5\ntable", "x.txt:2:7: the number of a table was expected"},
		{"kind of table", "base\t2.5\ntable\tT\tlocked", "x.txt:2:9: closed, open, external or indicative was expected"},
		{"codes of nothing", "base\t2.5\ncodes\tT", `x.txt:2:7: there is no table "T"`},
		{"code there", "base\t2.5\ncodes\t0001\n\t+\tF", `x.txt:3:4: the table has the code "F"`},
		{"code not there", "base\t2.5\ncodes\t0001\n\t-\tZ", `x.txt:3:4: the table has no code "Z"`},
		{"change of codes", "base\t2.5\ncodes\t0001\n\tF", "x.txt:3:2: + or - was expected"},
		{"part", "base\t2.5\npart\tx", "x.txt:2:6: a name and segments were expected"},
		{"event", "base\t2.5\nevent\tA1", "x.txt:2:7: a trigger such as A01 was expected"},
		{"event line", "base\t2.5\nevent\tA01\n\tfoo", "x.txt:3:2: grammar, order strict or pv2 unsupported was expected"},
		{"event without grammar", "base\t2.5\nevent\tA01\tADT_X", "x.txt:2:11: A01 has no grammar"},
		{"grammar", "base\t2.5\nevent\tA01\tADT_A01\n\tgrammar\tMSH {", "x.txt:3:10: grammar, column 6: a group without segments"},
		{"unknown part", "base\t2.5\nevent\tA01\tADT_A01\n\tgrammar\tMSH $z", `x.txt:3:10: there is no part "z"`},
		{"events", "base\t2.5\nevents\tsome", "x.txt:2:8: all or listed was expected"},
		{"without", "base\t2.5\nwithout\tA99", `x.txt:2:9: there is no event or table "A99" to leave out`},
		{"soften", "base\t2.5\nsoften\tPID-3\tgone", "x.txt:2:14: missing, present or unknown was expected"},
		{"soften nothing", "base\t2.5\nsoften\tPID-99\tmissing", "x.txt:2:8: there is no such field or component"},
		{"borrow from nobody", "base\t2.5\nborrow\tPID\tnope", `x.txt:2:12: there is no profile "nope" to borrow from`},
		{"borrow from itself", "base\t2.5\nborrow\tPID\tx", `x.txt:2:12: there is no profile "x" to borrow from`},
		{"borrow nothing", "base\t2.5\nborrow\tXXX\tpam-2.5", `x.txt:2:8: pam-2.5 has no segment "XXX"`},
		{"name of segment", "base\t2.5\nsegment\tpid", "x.txt: definitions, pid: this is no segment name"},
		{"names", "base\t2.5\nnames\tnope", `x.txt:2:7: there are no names "nope"`},
		{"names of itself", "base\t2.5\nnames\tx", "x.txt:1:1: a profile has one base"},
		{"cells", "base\t2.5" + strings.Repeat("\t", 20), "x.txt:1:20: too many cells"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := with(t, map[string]string{"x": c.text})
			l.strict = true
			_, err := l.read("x", 0)
			var wrong *DataError
			require.ErrorAs(t, err, &wrong)
			require.Equal(t, c.want, wrong.Error())
			require.NotEmpty(t, wrong.In("fr"))
			require.NotEmpty(t, wrong.Hint("fr"))
		})
	}
}

func FuzzLoad(f *testing.F) {
	f.Add(next)
	f.Add("base\t2.5\nsegment\tPID\n\t3\tCX\t1\tR\t1..1\t0001/0002\n\t\tfr\tx\nsoften\tCX.4\tmissing\tPID\n")
	f.Add("base\t2.3.1\nborrow\tPID\tpam-fr-2.11.2\nevents\tall\nwithout\t0001\n")
	f.Add("extends\tpam-fr-2.8\n\nvariant\tCX\tCX-2\n\t1\t.\t3\tX\ntype\tNEW\n\t1\tCX-2\n")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := with(t, map[string]string{"x": text}).read("x", 0)
		if err != nil {
			require.NotEmpty(t, err.Error())
			return
		}
		for _, trigger := range p.Events() {
			require.NotNil(t, p.Event(trigger).Grammar)
		}
		for _, number := range p.Tables() {
			require.NotNil(t, p.Table(number))
		}
	})
}
