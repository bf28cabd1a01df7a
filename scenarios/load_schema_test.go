package scenarios

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/pamlab/pamlab/hl7/pam"
	"github.com/pamlab/pamlab/hl7/pam/rules"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
)

const (
	scenarioSchema  = "../docs/scenario.schema.json"
	candidateSchema = "../docs/candidate.schema.json"
)

func compileSchema(t *testing.T, file string) *jsonschema.Schema {
	t.Helper()
	schema, err := jsonschema.NewCompiler().Compile(file)
	require.NoError(t, err)
	return schema
}

var (
	wholeNumber = regexp.MustCompile(`^[-+]?(0|[1-9][0-9]*)$`)
	anyNumber   = regexp.MustCompile(`^[-+]?[0-9]+(\.[0-9]*)?([eE][-+]?[0-9]+)?$`)
)

// asEditorsSee turns a tree into what an editor's YAML 1.2 makes of it, types
// included: that is what it validates.
func asEditorsSee(n *node) any {
	switch n.kind {
	case mapping:
		m := map[string]any{}
		for _, p := range n.pairs {
			m[p.key.text] = asEditorsSee(p.value)
		}
		return m
	case sequence:
		list := []any{}
		for _, item := range n.items {
			list = append(list, asEditorsSee(item))
		}
		return list
	}
	switch text := n.text; {
	case n.quoted || n.block:
		return text
	case text == "" || text == "null" || text == "~":
		return nil
	case text == "true" || text == "false":
		return text == "true"
	case wholeNumber.MatchString(text):
		return json.Number(strings.TrimPrefix(text, "+"))
	case anyNumber.MatchString(text):
		f, err := strconv.ParseFloat(text, 64)
		if err == nil {
			return f
		}
	}
	return n.text
}

func validate(t *testing.T, schema *jsonschema.Schema, file string) error {
	t.Helper()
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	out := &faults{}
	root := parseYAML(file, data, out)
	require.NotNil(t, root, file)
	return schema.Validate(asEditorsSee(root))
}

func TestSchemasAcceptWhatLoads(t *testing.T) {
	scenario := compileSchema(t, scenarioSchema)
	for _, pattern := range []string{"testdata/lang/good/*.yaml", "library/*/*.yaml"} {
		files, err := filepath.Glob(pattern)
		require.NoError(t, err)
		require.NotEmpty(t, files)
		for _, file := range files {
			require.NoError(t, validate(t, scenario, file), file)
		}
	}
	require.NoError(t, validate(t, compileSchema(t, candidateSchema), goodCandidate))
}

// What is wrong in the form of a file, not in what it means, the schemas find
// too.
func TestSchemasRefuseWhatDoesNot(t *testing.T) {
	scenario, candidate := compileSchema(t, scenarioSchema), compileSchema(t, candidateSchema)
	for _, name := range strings.Fields(`scalar-file list-file unknown-key unknown-top-key missing-keys missing-value
		unknown-version bad-id bad-tag tags-no-list unknown-required-event unknown-dialect bad-timeout
		unknown-identity unknown-patient-key unknown-class steps-mapping no-steps unknown-event two-sends
		with-unknown-key with-bad-duration set-bad-path unknown-present when-unknown bad-capture case-empty-table
		unknown-expectation unknown-ack-code ack-bad-path unknown-matcher matcher-list matcher-count
		matcher-state-flag unknown-level unknown-connection latency-without-bound tls-unknown-words
		any-of-mapping any-of-nested duplicate-variable conforms-words offer wire accept enhanced receive trigger`) {
		require.Error(t, validate(t, scenario, "testdata/lang/bad/"+name+".yaml"), name)
	}
	for _, name := range strings.Fields(`typo missing-value section-list bad-address port-name unknown-dialect unknown-charset
		supports supports-empty supports-text names-with-delimiters limits endpoints tls-incomplete tls-identities revocation safety conformance`) {
		require.Error(t, validate(t, candidate, "testdata/lang/candidate/bad/"+name+".yaml"), name)
	}
}

// definition is what the test reads of a definition of a schema.
type definition struct {
	Properties map[string]json.RawMessage `json:"properties"`
	Enum       []any                      `json:"enum"`
	AnyOf      []definition               `json:"anyOf"`
}

func definitions(t *testing.T, file string) map[string]definition {
	t.Helper()
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	var schema struct {
		Defs map[string]definition `json:"$defs"`
	}
	require.NoError(t, json.Unmarshal(data, &schema))
	return schema.Defs
}

// TestSchemasHaveTheLoadersKeys holds the keys of each mapping equal in the
// loader and the schema.
func TestSchemasHaveTheLoadersKeys(t *testing.T) {
	patient := append([]string{"new"}, slices.Collect(maps.Keys(patientWords()))...)
	stay := append([]string{"new"}, branches(slices.Collect(maps.Keys(stayWords())))...)
	change := branches(slices.Collect(maps.Keys(changeWords())))
	for file, keys := range map[string]map[string][]string{
		scenarioSchema: {
			"scenario": strings.Fields(scenarioKeys), "step": strings.Fields(stepKeys), "sendForm": strings.Fields(sendKeys),
			"conforms": {string(ConformsBreaks)}, "connect": strings.Fields(connectKeys), "offer": strings.Fields(offerKeys), "accept": strings.Fields(acceptKeys), "receive": strings.Fields(receiveKeys), "awaited": strings.Fields(anyOrderKeys), "reply": strings.Fields(replyKeys), "replyError": strings.Fields(replyErrorKeys), "operator": strings.Fields(operatorKeys), "call": strings.Fields(callKeys), "probe": strings.Fields(probeKeys), "wire": strings.Fields(wireKeys), "inside": strings.Fields(insideKeys),
			"fault": strings.Fields(faultKeys), "stall": strings.Fields(stallKeys), "flood": strings.Fields(floodKeys), "corrupt": strings.Fields(byteKeys),
			"given": strings.Fields(givenKeys), "expect": strings.Fields(expectKeys),
			"alternative": strings.Fields(strings.TrimSuffix(expectKeys, "any_of")), "tls": strings.Fields(tlsKeys),
			"peer": strings.Fields(peerKeys), "matcher": strings.Fields(matcherKeys + besideKeys), "bounds": strings.Fields(countKeys),
			"patient": patient, "stay": stay, "with": change, "unit": {"code", "label"},
		},
		candidateSchema: {
			"file": strings.Fields(candidateFileKeys), "candidate": strings.Fields(candidateKeys), "harness": strings.Fields(harnessKeys),
			"tls": strings.Fields(tlsFileKeys), "identity": strings.Fields(identityKeys), "listener": strings.Fields(listenerKeys), "endpoint": strings.Fields(endpointKeys), "limits": strings.Fields(limitKeys),
			"safety": strings.Fields(safetyKeys), "conformance": settingNames(),
		},
	} {
		defs := definitions(t, file)
		for name, want := range keys {
			require.ElementsMatch(t, want, slices.Collect(maps.Keys(defs[name].Properties)), "%s: %s", file, name)
		}
	}
}

// TestSchemasHaveTheLoadersWords holds the lists of words equal.
func TestSchemasHaveTheLoadersWords(t *testing.T) {
	var triggers, dialects []string
	for _, trigger := range pam.Triggers() {
		triggers = append(triggers, string(trigger))
	}
	for _, dialect := range pam.Dialects() {
		dialects = append(dialects, dialect.Name)
	}
	defs := definitions(t, scenarioSchema)
	property := func(def, key string) definition {
		var d definition
		require.NoError(t, json.Unmarshal(defs[def].Properties[key], &d), "%s.%s", def, key)
		return d
	}
	require.ElementsMatch(t, triggers, words(defs["event"]))
	require.ElementsMatch(t, dialects, words(defs["dialect"]))
	require.ElementsMatch(t, strings.Fields(tlsAlerts), words(property("tls", "alert")))
	require.ElementsMatch(t, append(strings.Fields(ackCodes), "none"), words(property("expect", "ack")))
	require.ElementsMatch(t, replyFaults(), words(property("reply", "wrong")))
	require.ElementsMatch(t, callMethods(), words(property("call", "method")))
	require.ElementsMatch(t, strings.Fields(ackCodes), words(defs["replyCode"]))
	require.ElementsMatch(t, []string{ConnectionOpen, ConnectionClosed}, words(property("expect", "connection")))
	require.ElementsMatch(t, []string{TLSAccepted, TLSRefused}, words(property("expect", "tls")))
	require.ElementsMatch(t, []string{string(Must), string(Should), string(Info)}, words(property("matcher", "level")))
	for _, field := range pam.KnownFields() {
		def, key, dotted := strings.Cut(field, ".")
		if !dotted {
			def, key = "with", field
		}
		if w := words(property(def, key)); field != "patient.born" {
			require.ElementsMatch(t, pam.KnownValues(field), w, field)
		}
	}
	candidate := definitions(t, candidateSchema)
	require.ElementsMatch(t, dialects, words(candidate["dialect"]))
	for _, s := range rules.KnownSettings() {
		var d definition
		require.NoError(t, json.Unmarshal(candidate["conformance"].Properties[s.Name], &d))
		d.Enum = slices.DeleteFunc(d.Enum, func(v any) bool { _, number := v.(float64); return number }) // what YAML makes of 2.10
		require.ElementsMatch(t, s.Values, words(d), s.Name)
	}
}

func words(d definition) []string {
	var list []string
	for _, w := range d.Enum {
		list = append(list, w.(string))
	}
	for _, one := range d.AnyOf {
		list = append(list, words(one)...)
	}
	return list
}
