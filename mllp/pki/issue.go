package pki

import (
	"cmp"
	"crypto"
	"crypto/x509"
	"slices"
	"strings"
	"time"

	"software.sslmate.com/src/go-pkcs12"
)

// IssueOptions say what Issue makes. Names alone are required.
type IssueOptions struct {
	Names []string // host names and IP addresses
	As    string   // names the files; "": the first name
	Usage Usage    // "": both, where the profile allows it
	Key   KeyKind  // "": as the authority has it
	Days  int      // validity; 0: as the profile has it
	Force bool     // replace what is there
	Now   time.Time

	// Password, if not "", makes NAME.p12 as well: certificate, chain and key in
	// one file under that password (PKCS#12), as Java and Windows want them.
	Password string
	// KeepPassword also writes the password to NAME.p12.password, which its owner
	// alone can read: for one that nobody has chosen.
	KeepPassword bool
}

// Issue makes a further identity with the authority in dir: NAME.pem and
// NAME-key.pem. The error is an *Error.
func Issue(dir string, opt IssueOptions) (*Made, error) {
	return inHouse(dir, opt.Now, func(h *house) ([]file, bool, error) {
		files, err := h.issueFiles(opt)
		return files, opt.Force, err
	})
}

// inHouse opens the PKI in dir, alone, and installs what do makes.
func inHouse(dir string, now time.Time, do func(*house) (files []file, force bool, err error)) (*Made, error) {
	unlock, err := lock(dir)
	if err != nil {
		return nil, err
	}
	defer unlock()
	h, err := openHouse(dir, cmp.Or(now, time.Now()))
	if err != nil {
		return nil, err
	}
	files, force, err := do(h)
	if err != nil {
		return nil, failed(dir, err)
	}
	if err := install(dir, files, force); err != nil {
		return nil, err
	}
	return made(dir, h.profile.Name, files), nil
}

func (h *house) issueFiles(opt IssueOptions) ([]file, error) {
	want := leafWish{names: opt.Names, as: opt.As, usage: opt.Usage, days: opt.Days}
	kind := cmp.Or(opt.Key, h.kind())
	t, err := h.wish(&want)
	if err := first(err, kind.check()); err != nil {
		return nil, err
	}
	names := []string{want.as + ".pem", want.as + "-key.pem"}
	if opt.Password != "" {
		names = append(names, want.as+".p12")
	}
	if opt.KeepPassword {
		names = append(names, want.as+".p12.password")
	}
	if err := checkTarget(h.dir, names, opt.Force); err != nil {
		return nil, err
	}
	id, err := h.issue(want.as, kind, t)
	if err != nil {
		return nil, err
	}
	files, err := id.files()
	if err != nil || opt.Password == "" {
		return files, err
	}
	p12, err := id.pkcs12(h.root().cert, opt.Password)
	files = append(files, file{name: want.as + ".p12", data: p12, mode: 0o600})
	if opt.KeepPassword {
		files = append(files, file{name: want.as + ".p12.password", data: []byte(opt.Password + "\n"), mode: 0o600})
	}
	return files, err
}

// pkcs12 encrypts as Java since 8u301 and Windows since 2019 read it (AES-256,
// SHA-256), with the whole chain: their stores want the root in it too.
func (id identity) pkcs12(root *x509.Certificate, password string) ([]byte, error) {
	return pkcs12.Modern2023.Encode(crypto.PrivateKey(id.key), id.cert, append(slices.Clone(id.chain), root), password)
}

// a leafWish is what somebody wants of an identity.
type leafWish struct {
	names []string
	cn    string // "": the first name
	as    string
	usage Usage
	days  int
}

// wish checks what is wanted, completes it and makes the template of it.
func (h *house) wish(w *leafWish) (*x509.Certificate, error) {
	p := h.profile
	if len(w.names) == 0 {
		return nil, &Error{Kind: NoName}
	}
	w.as = cmp.Or(w.as, fileName(w.names[0]))
	w.cn = cmp.Or(w.cn, w.names[0])
	w.days = cmp.Or(w.days, p.Days)
	if !p.OneUsage {
		w.usage = cmp.Or(w.usage, UsageBoth)
	}
	if err := first(checkNames(w.names), p.checkRole(w.as), checkDays(w.days, p.MaxDays), p.checkUsage(w.usage)); err != nil {
		return nil, err
	}
	return p.leafTemplate(fitCN(p.Prefix, w.cn, w.as), w.usage, w.names, h.now, w.days), nil
}

// fitCN is the first of names that fits into a common name, or the beginning of
// the last.
func fitCN(prefix string, names ...string) string {
	for _, name := range names {
		if len(prefix+name) <= maxCN {
			return prefix + name
		}
	}
	return (prefix + names[len(names)-1])[:maxCN]
}

// fileName makes the name of a file of a host name or an address.
func fileName(name string) string { return strings.NewReplacer("*", "_", ":", "-").Replace(name) }

// checkRole reports whether files may have that name: a plain one that is not
// used for something else.
func (p *Profile) checkRole(as string) error {
	ok := as != "" && len(as) <= 200 && as[0] != '.' && as[0] != '-'
	for _, c := range []byte(as) {
		ok = ok && ('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._", c) >= 0)
	}
	low := strings.ToLower(as)
	for _, a := range p.authorities() {
		ok = ok && low != a.Role
	}
	if !ok || low == "crl" || strings.HasSuffix(low, "-key") || strings.HasSuffix(low, ".crl") {
		return &Error{Kind: BadFile, Name: as}
	}
	return nil
}

func (p *Profile) checkUsage(u Usage) error {
	if u == UsageClient || u == UsageServer || u == UsageBoth && !p.OneUsage {
		return nil
	}
	e := &Error{Kind: BadUsage, Name: string(u)}
	if p.OneUsage {
		e.Detail = Text{"le profil " + p.Name + " veut client ou server, jamais les deux", "the profile " + p.Name + " wants client or server, never both"}
	}
	return e
}
