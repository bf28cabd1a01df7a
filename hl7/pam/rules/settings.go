package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pamlab/pamlab/hl7/pam"
)

// A Setting is a question that the sources leave open, and the answers that a
// judgement can be given by.
type Setting struct {
	Name    string
	Default string
	Values  []string // those it may have; empty: any
	Text    pam.Text
	Source  string // the question, as the digest of open questions numbers it
}

// Settings are answers to open questions: values by name. The zero Settings
// are the defaults. Settings are immutable; With returns others.
type Settings struct{ values map[string]string }

// KnownSettings lists the settings in the order in which they are documented.
func KnownSettings() []*Setting {
	list := make([]*Setting, len(generatedSettings))
	for i := range generatedSettings {
		list[i] = &generatedSettings[i]
	}
	return list
}

func findSetting(name string) *Setting {
	for i := range generatedSettings {
		if generatedSettings[i].Name == name {
			return &generatedSettings[i]
		}
	}
	return nil
}

func settingNames() []string {
	var names []string
	for i := range generatedSettings {
		names = append(names, generatedSettings[i].Name)
	}
	return names
}

// With returns the settings with one of them changed. An unknown name or value
// is a *[SettingError].
func (s Settings) With(name, value string) (Settings, error) {
	known := findSetting(name)
	if known == nil {
		return s, &SettingError{Name: name, Known: settingNames()}
	}
	if len(known.Values) > 0 && !slices.Contains(known.Values, value) {
		return s, &SettingError{Name: name, Value: value, Known: known.Values}
	}
	next := Settings{map[string]string{name: value}}
	for n, v := range s.values {
		if n != name {
			next.values[n] = v
		}
	}
	return next, nil
}

// Get returns the value of a setting, "" for one that does not exist.
func (s Settings) Get(name string) string {
	if v, ok := s.values[name]; ok {
		return v
	}
	if o := findSetting(name); o != nil {
		return o.Default
	}
	return ""
}

// Changed lists the settings that are not at their defaults, as name=value.
func (s Settings) Changed() []string {
	var list []string
	for _, name := range settingNames() {
		if v, ok := s.values[name]; ok && v != (Settings{}).Get(name) {
			list = append(list, name+"="+v)
		}
	}
	return list
}

// resolved are settings looked up once for a judge, in the order of generatedSettings.
type resolved []string

func (s Settings) resolve() resolved {
	r := make(resolved, len(generatedSettings))
	for i, name := range settingNames() {
		r[i] = s.Get(name)
	}
	return r
}

func (r resolved) get(name string) string { return r[settingID(name)] }

// settingID is the index of a setting, -1 when there is none.
func settingID(name string) int {
	return slices.IndexFunc(generatedSettings[:], func(s Setting) bool { return s.Name == name })
}

// A SettingError reports a setting, or a value of one, that does not exist.
type SettingError struct {
	Name, Value string   // Value is "" when it is the name that is not known
	Known       []string // what may stand there
}

// Error returns the English sentence.
func (e *SettingError) Error() string { return e.In("en") }

// In returns the sentence in "fr" or "en".
func (e *SettingError) In(lang string) string {
	switch {
	case lang == "fr" && e.Value == "":
		return fmt.Sprintf("le réglage « %s » n'existe pas", e.Name)
	case lang == "fr":
		return fmt.Sprintf("le réglage %s n'a pas de valeur « %s »", e.Name, e.Value)
	case e.Value == "":
		return fmt.Sprintf("there is no setting %q", e.Name)
	}
	return fmt.Sprintf("setting %s has no value %q", e.Name, e.Value)
}

// Hint lists what there is.
func (e *SettingError) Hint(lang string) string {
	if lang == "fr" {
		return "possibles : " + strings.Join(e.Known, ", ")
	}
	return "there are: " + strings.Join(e.Known, ", ")
}
