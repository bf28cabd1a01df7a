package doctor

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/pamlab/pamlab/scenarios"
)

// Status is what came of a check, or how grave a finding is.
type Status string

// The statuses, mildest first but for Skipped, which is none of them.
const (
	OK      Status = "ok"
	Note    Status = "note"    // worth knowing; nothing is wrong
	Warning Status = "warning" // works, and should be otherwise
	Fault   Status = "fault"
	Skipped Status = "skipped" // not looked at; Found says why
)

func (s Status) rank() int { return slices.Index([]Status{Skipped, OK, Note, Warning, Fault}, s) }

// Side says where a fault has to be put right. The exit code hangs on it.
type Side string

// The sides.
const (
	OwnFiles    Side = "own-files"    // our files cannot be used
	OwnIdentity Side = "own-identity" // they can, but what they hold is not fit to be shown
	Network     Side = "network"      // the peer is not reached
	Match       Side = "match"        // each side may be right, they do not fit together
	Peer        Side = "peer"
)

// ID names a check.
type ID string

// The checks, in their order.
const (
	CheckFiles      ID = "files"      // our own authority, certificate and key
	CheckName       ID = "name"       // the name has addresses
	CheckPort       ID = "port"       // a connection can be opened
	CheckProtocol   ID = "protocol"   // TLS, or MLLP in plain
	CheckVersions   ID = "versions"   // each version of TLS by itself
	CheckChain      ID = "chain"      // the certificates of the server
	CheckClock      ID = "clock"      // our clock and the peer's
	CheckIdentity   ID = "identity"   // whether the server asks who we are, and takes the answer
	CheckEcho       ID = "echo"       // a message is acknowledged
	CheckCharset    ID = "charset"    // accents survive
	CheckConnection ID = "connection" // how long connections last
)

// IDs lists the checks in the order in which they are made.
func IDs() []ID {
	return []ID{CheckFiles, CheckName, CheckPort, CheckProtocol, CheckVersions, CheckChain,
		CheckClock, CheckIdentity, CheckEcho, CheckCharset, CheckConnection}
}

// A Finding is one thing that a check found, with what to do about it.
type Finding struct {
	Code   string          `json:"code"` // of few words, for programs: never changed
	Status Status          `json:"status"`
	Side   Side            `json:"side,omitempty"` // of warnings and faults
	Text   scenarios.Text  `json:"text"`
	Remedy *scenarios.Text `json:"remedy,omitempty"`
}

// A Check is one step of the way, looked at.
type Check struct {
	ID       ID             `json:"id"`
	Status   Status         `json:"status"` // that of its gravest finding
	Found    scenarios.Text `json:"found"`  // in one line; of a skipped check, why
	Findings []Finding      `json:"findings,omitempty"`
	TookMS   float64        `json:"took_ms"`
}

// add appends a finding; the status of the check becomes at least its own.
func (c *Check) add(status Status, side Side, code string, text scenarios.Text, remedy ...scenarios.Text) {
	f := Finding{Code: code, Status: status, Side: side, Text: text}
	if len(remedy) > 0 && !remedy[0].IsZero() {
		f.Remedy = &remedy[0]
	}
	c.Findings = append(c.Findings, f)
	if status.rank() > c.Status.rank() {
		c.Status = status
	}
}

func (c *Check) fault(side Side, code string, text scenarios.Text, remedy ...scenarios.Text) {
	c.add(Fault, side, code, text, remedy...)
}

func (c *Check) warn(side Side, code string, text scenarios.Text, remedy ...scenarios.Text) {
	c.add(Warning, side, code, text, remedy...)
}

func (c *Check) note(code string, text scenarios.Text, remedy ...scenarios.Text) {
	c.add(Note, "", code, text, remedy...)
}

// skip makes the check one that was not looked at.
func (c *Check) skip(why scenarios.Text) { c.Status, c.Found = Skipped, why }

// A Report is what an examination found.
type Report struct {
	Version int       `json:"version"` // of this form: 1
	Tool    string    `json:"tool,omitempty"`
	Target  Target    `json:"target"`
	Started time.Time `json:"started"`
	TookMS  float64   `json:"took_ms"`
	// OutOfTime and Interrupted say why the last checks were not made.
	OutOfTime   bool    `json:"out_of_time,omitempty"`
	Interrupted bool    `json:"interrupted,omitempty"`
	Exit        int     `json:"exit"`
	Checks      []Check `json:"checks"`
	Facts       Facts   `json:"facts"`
}

// Target is whom the examination was about.
type Target struct {
	Address    string `json:"address"`
	TLS        bool   `json:"tls"`                   // whether we mean to speak TLS
	ServerName string `json:"server_name,omitempty"` // expected in the certificate
}

// Check returns the check of that name, nil if it was not reached.
func (r *Report) Check(id ID) *Check {
	for i := range r.Checks {
		if r.Checks[i].ID == id {
			return &r.Checks[i]
		}
	}
	return nil
}

// Count returns how many findings are of that status.
func (r *Report) Count(s Status) int {
	n := 0
	for _, c := range r.Checks {
		for _, f := range c.Findings {
			if f.Status == s {
				n++
			}
		}
	}
	return n
}

// exit finds the exit code: docs/design.md §4, of several the one that comes
// first there. A check that could not be made for want of time must not look
// like one that found nothing.
func (r *Report) exit() int {
	if r.Interrupted {
		return scenarios.ExitInterrupted
	}
	codes := map[int]bool{}
	for _, c := range r.Checks {
		for _, f := range c.Findings {
			if f.Status == Fault {
				codes[f.Side.exit()] = true
			}
		}
	}
	switch {
	case codes[scenarios.ExitUnusable]:
		return scenarios.ExitUnusable
	case codes[scenarios.ExitUnjudged]:
		return scenarios.ExitUnjudged
	case codes[scenarios.ExitFailed]:
		return scenarios.ExitFailed
	case r.OutOfTime:
		return scenarios.ExitUnjudged
	}
	return scenarios.ExitOK
}

func (s Side) exit() int {
	switch s {
	case OwnFiles:
		return scenarios.ExitUnusable
	case Peer:
		return scenarios.ExitFailed
	}
	return scenarios.ExitUnjudged
}

// both is a text that is the same in both languages.
func both(s string) scenarios.Text { return scenarios.Text{FR: s, EN: s} }

func textf(fr, en string, args ...any) scenarios.Text { return scenarios.Textf(fr, en, args...) }

// told is what an error says, in both languages.
func told(err error) scenarios.Text {
	if e, ok := err.(interface{ In(lang string) string }); ok {
		return scenarios.Text{FR: e.In("fr"), EN: e.In("en")}
	}
	return both(err.Error())
}

// advised is what an error advises, in both languages; zero if nothing.
func advised(err error) scenarios.Text {
	if e, ok := err.(interface{ Hint(lang string) string }); ok {
		return scenarios.Text{FR: e.Hint("fr"), EN: e.Hint("en")}
	}
	return scenarios.Text{}
}

// joined puts texts that are not empty behind one another. Only the French put a
// blank before a semicolon.
func joined(separator string, texts ...scenarios.Text) scenarios.Text {
	var all scenarios.Text
	for _, t := range texts {
		if t.IsZero() {
			continue
		}
		if !all.IsZero() {
			all.FR += separator
			all.EN += strings.Replace(separator, " ;", ";", 1)
		}
		all.FR, all.EN = all.FR+cmp.Or(t.FR, t.EN), all.EN+cmp.Or(t.EN, t.FR)
	}
	return all
}
