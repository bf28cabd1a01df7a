package inspect

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/pamlab/pamlab/hl7/pam/rules"
)

// junitWriter writes the de facto schema of JUnit: a suite for each file, a
// case for each message. A failure has the findings that made it fail; those
// that did not are its system-out. Counters stand before the cases, so that a
// suite is kept until its file ends; a long file becomes several suites of its
// name.
type junitWriter struct {
	w io.Writer
	Style
	begun                   bool
	file                    string
	cases                   bytes.Buffer
	tests, failures, errors int
}

type junitCase struct {
	XMLName xml.Name    `xml:"testcase"`
	Class   string      `xml:"classname,attr"`
	Name    string      `xml:"name,attr"`
	Failure *junitFault `xml:"failure,omitempty"`
	Error   *junitFault `xml:"error,omitempty"`
	Out     string      `xml:"system-out,omitempty"`
}

type junitFault struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",chardata"`
}

// mostCases is how many bytes of cases are kept before their suite is written.
const mostCases = 1 << 20

func (j *junitWriter) Write(i *Item) error {
	if i.File != j.file {
		if err := j.suite(); err != nil {
			return err
		}
	}
	if !j.begun {
		j.begun = true
		if _, err := io.WriteString(j.w, xml.Header+"<testsuites>\n"); err != nil {
			return err
		}
	}
	j.file = i.File
	j.tests++
	text, err := xml.MarshalIndent(j.test(i), "    ", "  ")
	if err != nil {
		return err
	}
	j.cases.Write(text)
	j.cases.WriteByte('\n')
	if j.cases.Len() > mostCases {
		return j.suite()
	}
	return nil
}

func (j *junitWriter) test(i *Item) junitCase {
	c := junitCase{Class: visible(i.File)}
	if i.Report == nil {
		j.errors++
		c.Name = fmt.Sprintf("@%d", i.Offset)
		say := visible(sentence(i.Err, j.Lang))
		text := say
		if hint := advice(i.Err, j.Lang); hint != "" {
			text += "\n" + visible(hint)
		}
		c.Error = &junitFault{Message: say, Type: "unreadable", Text: text}
		return c
	}
	c.Name = fmt.Sprintf("%d %s %s", i.Index, visible(messageType(i.Report)), visible(i.Report.Header().ControlID))
	fail := i.Report.Verdict(j.Strict) == "fail"
	if fail {
		j.failures++
		c.Failure = &junitFault{Type: "must"}
	}
	decisive := rules.Must
	if j.Strict {
		decisive = rules.Should
	}
	var broken, notes strings.Builder
	for _, f := range worstFirst(i.Report, rules.Info) {
		line := fmt.Sprintf("%v %s %s: %s (%s)\n", f.Level, f.Rule.ID, f.Path(), visible(f.Message(j.Lang)), f.Rule.Source)
		if !fail || f.Level < decisive {
			notes.WriteString(line)
			continue
		}
		if c.Failure.Message == "" {
			c.Failure.Message, c.Failure.Type = visible(f.Message(j.Lang)), f.Rule.ID
		}
		broken.WriteString(line)
	}
	if fail {
		c.Failure.Text = broken.String()
	}
	c.Out = notes.String()
	return c
}

// suite writes the suite of the file that has ended.
func (j *junitWriter) suite() error {
	if j.tests == 0 {
		return nil
	}
	var name bytes.Buffer
	if err := xml.EscapeText(&name, []byte(visible(j.file))); err != nil {
		return err
	}
	_, err := fmt.Fprintf(j.w, "  <testsuite name=\"%s\" tests=\"%d\" failures=\"%d\" errors=\"%d\" skipped=\"0\">\n%s  </testsuite>\n",
		name.Bytes(), j.tests, j.failures, j.errors, j.cases.Bytes())
	j.cases.Reset()
	j.tests, j.failures, j.errors = 0, 0, 0
	return err
}

// Interrupted has no place here: the exit code of the command says it.
func (j *junitWriter) Interrupted() {}

func (j *junitWriter) Close() error {
	if !j.begun {
		_, err := io.WriteString(j.w, xml.Header+"<testsuites></testsuites>\n")
		return err
	}
	if err := j.suite(); err != nil {
		return err
	}
	_, err := io.WriteString(j.w, "</testsuites>\n")
	return err
}
