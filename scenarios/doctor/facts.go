package doctor

import "time"

// Facts are what the checks saw, for programs: nil where a check was not made.
type Facts struct {
	Files      *FilesFacts      `json:"files,omitempty"`
	Name       *NameFacts       `json:"name,omitempty"`
	Port       *PortFacts       `json:"port,omitempty"`
	Protocol   *ProtocolFacts   `json:"protocol,omitempty"`
	Versions   []VersionFacts   `json:"versions,omitempty"`
	Chain      *ChainFacts      `json:"chain,omitempty"`
	Clock      *ClockFacts      `json:"clock,omitempty"`
	Identity   *IdentityFacts   `json:"identity,omitempty"`
	Echo       *EchoFacts       `json:"echo,omitempty"`
	Charset    []CharsetFacts   `json:"charset,omitempty"`
	Connection *ConnectionFacts `json:"connection,omitempty"`
}

// FilesFacts are about our own files.
type FilesFacts struct {
	Authorities []Certificate `json:"authorities,omitempty"`
	Chain       []Certificate `json:"chain,omitempty"` // our own, the first
	KeyMatches  bool          `json:"key_matches"`
}

// Certificate is what has to be known about a certificate in order to find out
// why somebody refuses it.
type Certificate struct {
	Subject   string    `json:"subject"`
	Issuer    string    `json:"issuer"`
	Names     []string  `json:"names,omitempty"` // subject alternative names: DNS and IP
	Usages    []string  `json:"usages,omitempty"`
	CA        bool      `json:"ca"`
	NotBefore time.Time `json:"not_before"`
	NotAfter  time.Time `json:"not_after"`
	DaysLeft  int       `json:"days_left"` // negative when it has expired
	Key       string    `json:"key"`       // "ECDSA P-256", "RSA 2048"
	Signature string    `json:"signature"` // "ECDSA-SHA256"
	SHA256    string    `json:"sha256"`
}

// NameFacts are about the host name.
type NameFacts struct {
	Host      string   `json:"host"`
	Literal   bool     `json:"literal"` // an address, nothing was looked up
	Addresses []string `json:"addresses,omitempty"`
	TookMS    float64  `json:"took_ms"`
}

// PortState is what became of opening a connection.
type PortState string

// The states of a port.
const (
	PortOpen        PortState = "open"
	PortRefused     PortState = "refused"     // the machine is there, nobody listens
	PortFiltered    PortState = "filtered"    // nothing came back
	PortUnreachable PortState = "unreachable" // there is no way to the machine
	PortFailed      PortState = "failed"
)

// PortFacts are about opening connections.
type PortFacts struct {
	Attempts []Attempt `json:"attempts"`
	Used     string    `json:"used,omitempty"` // the address that the further checks speak to
}

// Attempt is one address, tried.
type Attempt struct {
	Address string    `json:"address"`
	State   PortState `json:"state"`
	TookMS  float64   `json:"took_ms"`
	Error   string    `json:"error,omitempty"`
}

// Speech is what a port speaks.
type Speech string

// What a port can speak.
const (
	SpeaksTLS   Speech = "tls"
	SpeaksMLLP  Speech = "mllp" // in plain
	SpeaksOther Speech = "other"
	HangsUp     Speech = "hangs-up" // closes whatever it is told
	Silent      Speech = "silent"
)

// ProtocolFacts are about what the port speaks.
type ProtocolFacts struct {
	Expected Speech `json:"expected"`
	Speaks   Speech `json:"speaks"`
	// First are the first bytes of a peer that speaks something else, as text
	// that can be shown.
	First string `json:"first,omitempty"`
}

// VersionFacts are about one version of TLS.
type VersionFacts struct {
	Version  string `json:"version"` // "1.0" … "1.3"
	Accepted bool   `json:"accepted"`
	Suite    string `json:"suite,omitempty"`
	// Usable: with a suite that pamlab speaks outside this examination.
	Usable bool   `json:"usable"`
	Alert  string `json:"alert,omitempty"`
	Error  string `json:"error,omitempty"`
}

// ChainFacts are about the certificates of the server, as it sends them.
type ChainFacts struct {
	Certificates []Certificate `json:"certificates"`
	Expected     string        `json:"expected"` // the name that the first has to have
	NameMatches  bool          `json:"name_matches"`
	Ordered      bool          `json:"ordered"`
	Trusted      *bool         `json:"trusted,omitempty"` // leads to our authority, dates aside; absent without one
	// Revocation is "good", or the kind of an mllp.RevocationError; "" where
	// nobody asked, or the chain is not valid anyway.
	Revocation string `json:"revocation,omitempty"`
}

// ClockFacts are about the two clocks.
type ClockFacts struct {
	Told  string  `json:"told"` // MSH-7
	SkewS float64 `json:"skew_s"`
	Zoned bool    `json:"zoned"` // MSH-7 names its offset from UTC
}

// Judgement is what a server makes of somebody.
type Judgement string

// The judgements.
const (
	Accepted  Judgement = "accepted"
	Refused   Judgement = "refused"
	Undecided Judgement = "undecided"
	NotShown  Judgement = "not-shown"
)

// IdentityFacts are about the demand for a client certificate.
type IdentityFacts struct {
	Asks        bool      `json:"asks"`
	Authorities []string  `json:"authorities,omitempty"` // that it names as those it takes
	Ours        Judgement `json:"ours"`
	Anonymous   Judgement `json:"anonymous"`
	Alert       string    `json:"alert,omitempty"` // against ours
}

// EchoFacts are about the first message.
type EchoFacts struct {
	Answered   bool     `json:"answered"`
	Code       string   `json:"code,omitempty"` // MSA-1
	LatencyMS  float64  `json:"latency_ms"`
	SameID     bool     `json:"same_id"` // MSA-2 is our MSH-10
	Oddities   []string `json:"oddities,omitempty"`
	StaysOpen  bool     `json:"stays_open"`
	TLSVersion string   `json:"tls_version,omitempty"`
}

// Echoed is what became of accents.
type Echoed string

// What can become of accents.
const (
	EchoSame        Echoed = "same"         // byte for byte
	EchoRecoded     Echoed = "recoded"      // the same text in another set, which MSH-18 names
	EchoUndeclared  Echoed = "undeclared"   // the same bytes, but MSH-18 does not say so
	EchoDamaged     Echoed = "damaged"      // another text
	EchoNotReturned Echoed = "not-returned" // the answer has other names: nothing can be told
	EchoUnanswered  Echoed = "unanswered"
)

// CharsetFacts are about accents in one character set.
type CharsetFacts struct {
	Charset  string `json:"charset"`
	Expected bool   `json:"expected"` // it is the set that the candidate is said to use
	Result   Echoed `json:"result"`
	Sent     string `json:"sent,omitempty"`     // MSH-3, in hexadecimal
	Returned string `json:"returned,omitempty"` // MSH-5
	Declared string `json:"declared,omitempty"` // MSH-18 of the answer
}

// ConnectionFacts are about how long connections last.
type ConnectionFacts struct {
	ClosesAfterAnswer bool    `json:"closes_after_answer"`
	Second            string  `json:"second"` // answered: same-connection, new-connection; failed
	SecondLatencyMS   float64 `json:"second_latency_ms,omitempty"`
	WatchedMS         float64 `json:"watched_ms"`
	ClosedWhileIdle   bool    `json:"closed_while_idle"`
}
