package scenarios

import (
	"errors"
	"strings"

	"github.com/pamlab/pamlab/hl7/pam/rules"
)

// versionSetting is the setting that names a version of PAM.fr: the dialect of
// the candidate has a say in it.
const versionSetting = "profile_version"

// settingNames are the keys of the section conformance: the settings of the
// validator.
func settingNames() []string {
	var names []string
	for _, s := range rules.KnownSettings() {
		names = append(names, s.Name)
	}
	return names
}

// testSettings are the settings of a candidate whose file says nothing: those of
// the validator, but that an INS is expected to be one of the test authorities.
// A laboratory sends no others.
func testSettings() rules.Settings {
	settings, err := rules.Settings{}.With("ins_environment", "test")
	if err != nil {
		return rules.Settings{} // the catalogue is part of the program, and tested
	}
	return settings
}

// changedSettings are the settings that are not those of a candidate whose file
// says nothing, as name=value.
func (c *Candidate) changedSettings() []string {
	var list []string
	usual := testSettings()
	for _, name := range settingNames() {
		if value := c.Conformance.Get(name); value != usual.Get(name) {
			list = append(list, name+"="+value)
		}
	}
	return list
}

// profile is the name of the profile that messages in the candidate's dialect
// are judged by.
func (c *Candidate) profile() string {
	version := c.Conformance.Get(versionSetting)
	if national(c.Dialect.Name, version) {
		return "pam-fr-" + version
	}
	return c.Dialect.Name
}

// national reports whether a dialect is that of a version of PAM.fr: pam-fr-2.11
// is that of 2.11 and of 2.11.2.
func national(dialect, version string) bool {
	name := "pam-fr-" + version
	return name == dialect || strings.HasPrefix(name, dialect+".")
}

// conformance decodes the settings of the validator. The dialect is known by now.
func (d *decoder) conformance(c *Candidate, n *node) {
	for _, p := range n.pairs {
		value, ok := d.text(p.value)
		if !ok {
			continue
		}
		settings, err := c.Conformance.With(p.key.text, value)
		if wrong, ok := errors.AsType[*rules.SettingError](err); ok && wrong.Value != "" {
			d.out.unknown(p.value.pos, Text{FR: wrong.In("fr"), EN: wrong.In("en")}, value, wrong.Known)
		}
		if err != nil {
			continue // a key that is no setting was told
		}
		c.Conformance = settings
		if p.key.text == versionSetting {
			d.versionOf(c, p.value)
		}
	}
}

// versionOf reports a version of PAM.fr that cannot judge the candidate's
// dialect: every message of ours would be refused.
func (d *decoder) versionOf(c *Candidate, n *node) {
	dialect := c.Dialect.Name
	french := strings.HasPrefix(dialect, "pam-fr-") && !strings.HasPrefix(dialect, "pam-fr-2.3") // that one is of no version
	if n.text == "auto" || !french || national(dialect, n.text) {
		return
	}
	var fitting []string
	for _, s := range rules.KnownSettings() {
		for _, v := range s.Values {
			if s.Name == versionSetting && (v == "auto" || national(dialect, v)) {
				fitting = append(fitting, v)
			}
		}
	}
	d.out.add(n.pos, Textf("PAM.fr %s ne juge pas le dialecte %s du candidat", "PAM.fr %s does not judge %s, the candidate's dialect", n.text, dialect)).
		Expected = oneOf(fitting)
}
