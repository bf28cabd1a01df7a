package scenarios

import (
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam"
	"github.com/pamlab/pamlab/hl7/pam/rules"
	"github.com/stretchr/testify/require"
)

const goodCandidate = "testdata/lang/candidate/good/candidate.yaml"

// TestBadCandidates holds what the loader says about each faulty file.
func TestBadCandidates(t *testing.T) {
	files, err := filepath.Glob("testdata/lang/candidate/bad/*.yaml")
	require.NoError(t, err)
	require.Greater(t, len(files), 20)
	for _, file := range files {
		t.Run(nameOf(file), func(t *testing.T) {
			c, err := LoadCandidate(filepath.ToSlash(file), nil)
			require.Nil(t, c)
			requireGolden(t, file, err)
		})
	}
}

func loadCandidate(t *testing.T, name string, overrides ...string) *Candidate {
	t.Helper()
	c, err := LoadCandidate(name, overrides)
	if problems, ok := err.(Problems); ok {
		t.Fatal(problems.In("en"))
	}
	require.NoError(t, err)
	return c
}

func TestLoadCandidate(t *testing.T) {
	c := loadCandidate(t, filepath.FromSlash(goodCandidate))
	dialect, err := pam.DialectByName("pam-fr-2.10")
	require.NoError(t, err)
	dir := filepath.FromSlash("testdata/lang/candidate/good/")
	require.Equal(t, &Candidate{
		Name: "DMN-Démo", Release: "3.20", Role: DMN, Address: "dmn.test:2575",
		Dialect: dialect, Charset: hl7.Latin9,
		Supports:    []pam.Trigger{"A01", "A02", "A03", "A08", "A11", "A12", "A13"},
		Application: "DMN-DEMO^1.2.250.1.999^ISO", Facility: "CHU-X",
		Harness: Harness{Application: "GAM-TEST", Facility: "000897", Listen: "127.0.0.1:2576", Listeners: map[string]Listener{
			"second": {Addr: "127.0.0.1:2577"}, "renewed": {Addr: "[::1]:0", Present: "expired"},
		}},
		Endpoints: map[string]Endpoint{
			"events": {
				URL:     &url.URL{Scheme: "https", Host: "dmn.test:8443", Path: "/api"},
				Headers: []Header{{"Authorization", "Bearer {{env.GAM_TOKEN}}"}},
				CA:      dir + filepath.FromSlash("pki/ca.pem"), Cert: dir + filepath.FromSlash("pki/gam.pem"),
				Key: dir + filepath.FromSlash("pki/gam-key.pem"), ServerName: "api.test",
			},
			"api": {URL: &url.URL{Scheme: "http", Host: "127.0.0.1:8080"}},
		},
		TLS: &TLS{
			CA: dir + filepath.FromSlash("pki/ca.pem"), Cert: dir + filepath.FromSlash("pki/gam.pem"),
			Key: dir + filepath.FromSlash("pki/gam-key.pem"), ServerName: "dmn.test",
			Identities: map[string]Identity{
				"expired":  {Cert: dir + filepath.FromSlash("pki/bad/expired.pem"), Key: dir + filepath.FromSlash("pki/bad/expired-key.pem")},
				"other-ca": {Cert: "/etc/pki/other.pem"},
			},
			Bad: dir + filepath.FromSlash("pki/faulty"), Revocation: "if-present",
			CRL: []string{dir + filepath.FromSlash("pki/crl.pem"), "/etc/pki/other.crl"},
		},
		Limits: Limits{Connect: time.Second, Handshake: 2 * time.Second, Ack: time.Minute, Receive: 2 * time.Minute, Operator: 10 * time.Minute, Message: 512 << 10},
		Safety: Safety{AllowHosts: []string{"127.0.0.1", "DMN.test"}},
		Conformance: settings(t, "profile_version", "2.10", "ihe_strict_pv2", "on", "historic_strict", "on", "ins_key", "warning",
			"ins_environment", "any", "pid32_required", "off", "lenient_pseudo_pv1", "on", "unknown_z", "info",
			"zbe9_combinations", "error", "closed_tables_user_defined", "error", "dmt_matrix", "warning",
			"pid5_legal_name", "warning", "hd1_required", "off", "tolerant", "on"),
	}, c)
	require.Len(t, c.Info().Conformance, len(rules.KnownSettings()))
	require.Equal(t, CandidateInfo{
		Name: "DMN-Démo", Release: "3.20", Role: "dmn", Address: "dmn.test:2575",
		Dialect: "pam-fr-2.10", Charset: "8859/15", TLS: true, Conformance: c.Info().Conformance,
	}, c.Info())
	require.Equal(t, pam.Partners{
		SendingApplication: "GAM-TEST", SendingFacility: "000897",
		ReceivingApplication: "DMN-DEMO^1.2.250.1.999^ISO", ReceivingFacility: "CHU-X",
	}, c.Partners())
}

func settings(t *testing.T, pairs ...string) rules.Settings {
	t.Helper()
	var s rules.Settings
	var err error
	for i := 0; i < len(pairs); i += 2 {
		s, err = s.With(pairs[i], pairs[i+1])
		require.NoError(t, err)
	}
	return s
}

// By which profile messages are judged follows the dialect, and the version of
// PAM.fr where the file names one.
func TestCandidateProfile(t *testing.T) {
	for name, c := range map[string]struct{ dialect, version, want string }{
		"dialect":           {"pam-fr-2.11", "auto", "pam-fr-2.11"},
		"version":           {"pam-fr-2.11", "2.11.1", "pam-fr-2.11.1"},
		"same version":      {"pam-fr-2.10", "2.10", "pam-fr-2.10"},
		"not France":        {"pam-2.5", "2.10", "pam-2.5"},
		"no version of PAM": {"pam-fr-2.3.1", "2.10", "pam-fr-2.3.1"},
	} {
		t.Run(name, func(t *testing.T) {
			c1 := loadCandidate(t, "", "candidate.address=127.0.0.1:2575", "candidate.dialect="+c.dialect, "conformance.profile_version="+c.version)
			require.Equal(t, c.want, c1.profile())
			_, err := rules.New(rules.Options{Dialect: c1.profile(), Settings: c1.Conformance})
			require.NoError(t, err)
		})
	}
}

// A laboratory sends identities of the test authorities only.
func TestCandidateExpectsTestIdentities(t *testing.T) {
	c := loadCandidate(t, "", "candidate.address=127.0.0.1:2575")
	require.Equal(t, "test", c.Conformance.Get("ins_environment"))
	require.Empty(t, c.Info().Conformance)
	c = loadCandidate(t, "", "candidate.address=127.0.0.1:2575", "conformance.ins_environment=production", "conformance.tolerant=on")
	require.Equal(t, []string{"ins_environment=production", "tolerant=on"}, c.Info().Conformance)
}

func TestCandidateWithoutFile(t *testing.T) {
	c := loadCandidate(t, "", "candidate.address=127.0.0.1:2575")
	want := NewCandidate()
	want.Address = "127.0.0.1:2575"
	require.Equal(t, want, c)
	require.Nil(t, c.TLS)
	require.True(t, c.Safety.RefuseRealIdentities)
	_, err := LoadCandidate("", nil)
	require.EqualError(t, err, `--set: the key "candidate.address" is missing`)
}

func TestCandidateOverrides(t *testing.T) {
	c := loadCandidate(t, filepath.FromSlash(goodCandidate),
		"candidate.address=[::1]:2600", "safety.allow_hosts=::1,localhost,dmn.test,127.0.0.1", "candidate.supports=A01,A28",
		"limits.ack=90s", "candidate.name=a=b", "tls.cert=mine.pem", "tls.identities.late.cert=late.pem", "candidate.dialect=adt-2.3.1",
	)
	require.Equal(t, "[::1]:2600", c.Address)
	require.Equal(t, []string{"::1", "localhost", "dmn.test", "127.0.0.1"}, c.Safety.AllowHosts)
	require.Equal(t, []pam.Trigger{"A01", "A28"}, c.Supports)
	require.Equal(t, 90*time.Second, c.Limits.Ack)
	require.Equal(t, 2*time.Second, c.Limits.Handshake, "what is not overridden stays")
	require.Equal(t, "a=b", c.Name)
	require.Equal(t, "mine.pem", c.TLS.Cert, "counted from the working directory")
	require.Equal(t, Identity{Cert: "late.pem"}, c.TLS.Identities["late"])
	require.Len(t, c.TLS.Identities, 3)
	require.Equal(t, "adt-2.3.1", c.Dialect.Name)
}

func TestBadOverrides(t *testing.T) {
	for name, c := range map[string]struct{ override, want string }{
		"no value":      {"candidate.address", `--set:2:1: "candidate.address" is not of the form key=value`},
		"no key":        {"=x", `--set:2:1: "=x" is not of the form key=value`},
		"unknown key":   {"candidate.adress=x", `--set:2:11: unknown key "adress"`},
		"section":       {"candidat.name=x", `--set:2:1: unknown key "candidat"`},
		"whole section": {"limits=5s", `--set:2:8: keys are expected here, not a value`},
		"too deep":      {"candidate.name.first=x", `--set:2:11: a single value is expected here`},
		"bad value":     {"limits.ack=fast", `--set:2:12: "fast" is not a duration`},
		"empty value":   {"candidate.name=", `--set:2:16: the value is missing`},
		"bad item":      {"candidate.supports=A01,B99", `--set:2:24: "B99" is no trigger event of ITI-30 or ITI-31`},
		"other host":    {"candidate.address=10.0.0.1:2575", `--set:2:19: the host "10.0.0.1" is not in safety.allow_hosts`},
		"setting":       {"conformance.tolerent=on", `--set:2:13: unknown key "tolerent"`},
		"setting value": {"conformance.tolerant=yes", `--set:2:22: setting tolerant has no value "yes"`},
		"not UTF-8":     {"candidate.name=\xff", `--set:2:1: this value of --set is too long or not UTF-8`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := LoadCandidate("", []string{"candidate.address=127.0.0.1:2575", c.override})
			require.EqualError(t, err, c.want)
		})
	}
	_, err := LoadCandidate("", []string{"candidate.address=127.0.0.1:2575", "candidate.adress=x"})
	require.Equal(t, `--set:2:11: clé inconnue « adress »
  |
2 | candidate.adress=x
  |           ^^^^^^ attendu, au choix : name, release, role, address, dialect, charset, supports, application, facility
  = vouliez-vous dire « address » ?`, err.(Problems).In("fr"))
}

// A value in the file where keys belong is told, not written over.
func TestOverrideOverScalar(t *testing.T) {
	_, err := LoadCandidate("testdata/lang/candidate/bad/section-list.yaml", []string{"candidate.address=127.0.0.1:2575"})
	require.ErrorContains(t, err, "section-list.yaml:1:12: keys are expected here")
}

func TestIdentityFiles(t *testing.T) {
	tls := loadCandidate(t, filepath.FromSlash(goodCandidate)).TLS
	usual, err := tls.Files("")
	require.NoError(t, err)
	require.Equal(t, []string{tls.CA, tls.Cert, tls.Key, "dmn.test"}, []string{usual.CA, usual.Cert, usual.Key, usual.ServerName})
	require.False(t, usual.AnyIdentity)
	none, err := tls.Files(NoIdentity)
	require.NoError(t, err)
	require.Equal(t, []string{tls.CA, "", ""}, []string{none.CA, none.Cert, none.Key})
	expired, err := tls.Files("expired")
	require.NoError(t, err)
	require.True(t, expired.AnyIdentity)
	_, err = tls.Files("late")
	var missing *IdentityError
	require.ErrorAs(t, err, &missing)
	require.EqualError(t, err, `no identity "late": neither in tls.identities of the candidate file, nor in `+tls.Bad)
	require.Contains(t, missing.Hint("fr"), "pamlab pki bad")
}

func TestCandidateValue(t *testing.T) {
	c := loadCandidate(t, filepath.FromSlash(goodCandidate))
	for text, want := range map[string]string{
		"candidate.name": "DMN-Démo", "candidate.release": "3.20", "candidate.address": "dmn.test:2575",
		"candidate.dialect": "pam-fr-2.10", "candidate.charset": "8859/15", "candidate.facility": "CHU-X",
		"candidate.application": "DMN-DEMO^1.2.250.1.999^ISO", "harness.application": "GAM-TEST", "harness.facility": "000897",
		"patient.ipp": "",
	} {
		ref, fault := parseRef(text)
		require.Nil(t, fault)
		require.Equal(t, want, c.Value(ref), text)
	}
}

func TestApplies(t *testing.T) {
	head := "version: 1\nid: a\ntitle: A\n"
	admission := "steps:\n  - {id: one, send: A01, expect: {ack: AA}}\n"
	plain := func() *Candidate {
		return loadCandidate(t, "", "candidate.address=127.0.0.1:2575")
	}
	with := func(change func(*Candidate)) *Candidate {
		c := plain()
		change(c)
		return c
	}
	dialect := func(name string) *Candidate {
		return with(func(c *Candidate) {
			var err error
			c.Dialect, err = pam.DialectByName(name)
			require.NoError(t, err)
		})
	}
	secured := with(func(c *Candidate) { c.TLS = &TLS{Identities: map[string]Identity{"expired": {Cert: "x"}}} })
	for name, c := range map[string]struct {
		text      string
		candidate *Candidate
		reason    string // in English; "" applies
	}{
		"applies":           {head + admission, plain(), ""},
		"other role":        {head + admission, with(func(c *Candidate) { c.Role = GAM }), "the scenario is for a candidate of role dmn, this one is gam"},
		"supports":          {head + "requires: [A01]\n" + admission, with(func(c *Candidate) { c.Supports = []pam.Trigger{"A01"} }), ""},
		"lacks events":      {head + "requires: [A01, A38, Z99]\n" + admission, with(func(c *Candidate) { c.Supports = []pam.Trigger{"A01"} }), "the candidate does not support A38, Z99"},
		"supports anything": {head + "requires: [A38]\n" + admission, plain(), ""},
		"dialect":           {head + "dialects: [pam-2.5]\n" + admission, dialect("pam-2.5"), ""},
		"other dialect":     {head + "dialects: [pam-2.5, pam-fr-2.10]\n" + admission, plain(), "the scenario is written for pam-2.5, pam-fr-2.10, the candidate speaks pam-fr-2.11"},
		"event not in dialect": {head + admission + "  - {id: two, send: Z99}\n", dialect("adt-2.3.1"),
			"Z99 has no place in adt-2.3.1: "},
		"event of always":     {head + admission + "always:\n  - {id: two, send: Z99}\n", dialect("adt-2.3.1"), ""},
		"tls over plain":      {head + "steps:\n  - {id: one, connect: {present: none}, expect: {tls: refused}}\n", plain(), "the scenario tests TLS, and the candidate file has no section \"tls\""},
		"expects tls":         {head + "steps:\n  - {id: one, send: A01, expect: {tls: accepted}}\n", plain(), "the scenario tests TLS, and the candidate file has no section \"tls\""},
		"plain to plain":      {head + "steps:\n  - {id: one, connect: {transport: plain}}\n", plain(), "the scenario tests TLS, and the candidate file has no section \"tls\""},
		"new connection":      {head + "steps:\n  - {id: one, connect: {}}\n", plain(), ""},
		"no identity":         {head + "steps:\n  - {id: one, connect: {present: none}}\n", secured, ""},
		"identity":            {head + "steps:\n  - {id: one, connect: {present: expired}}\n", secured, ""},
		"identity that lacks": {head + "steps:\n  - {id: one, connect: {present: revoked}}\n", secured, `no identity "revoked"`},
	} {
		t.Run(name, func(t *testing.T) {
			s := load(t, c.text)
			ok, reason := Applies(s, s.Cases[0], c.candidate)
			require.Equal(t, c.reason == "", ok, reason.EN)
			require.True(t, strings.HasPrefix(reason.EN, c.reason), reason.EN)
			require.Equal(t, reason.EN == "", reason.FR == "")
		})
	}
}
