package scenarios

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

var yamlBlock = regexp.MustCompile("(?s)```yaml\n(.*?)```")

// TestDocumentsLoad loads every example of the two references. A list of steps
// is an example too: the rest of a scenario is put around it.
func TestDocumentsLoad(t *testing.T) {
	for file, atLeast := range map[string]int{"../docs/scenarios.md": 7, "../docs/candidate.md": 2} {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		blocks := yamlBlock.FindAllStringSubmatch(string(text), -1)
		require.GreaterOrEqual(t, len(blocks), atLeast, file)
		for _, block := range blocks {
			example := block[1]
			switch {
			case strings.HasPrefix(example, "candidate:"):
				_, err = readCandidate("candidate.yaml", []byte(example), nil)
			case strings.HasPrefix(example, "- id:"):
				example = "version: 1\nid: a\ntitle: A\nsteps:\n" + example
				fallthrough
			default:
				_, err = LoadFS(fstest.MapFS{"s.yaml": {Data: []byte(example)}}, "s.yaml")
			}
			if problems, ok := err.(Problems); ok {
				t.Errorf("%s:\n%s", file, problems.In("en"))
			}
		}
	}
}

// TestDocumentsNameEveryKey looks for each word of the language in the
// references.
func TestDocumentsNameEveryKey(t *testing.T) {
	for file, words := range map[string]string{
		"../docs/scenarios.md": strings.Join([]string{
			scenarioKeys, stepKeys, sendKeys, connectKeys, acceptKeys, receiveKeys, anyOrderKeys, replyKeys, replyErrorKeys, operatorKeys, probeKeys, sinceKeys, strings.Join(replyFaults(), " "), strings.Join(callMethods(), " "), offerKeys, viaKey, wireKeys, insideKeys, faultKeys, stallKeys, floodKeys, byteKeys, givenKeys, expectKeys, latencyKeys, tlsKeys, peerKeys, matcherKeys,
			besideKeys, instantKeys, countKeys, ackCodes, PatientNames, StayNames, CandidateNames, HarnessNames,
			strings.Join(wordList(patientWords()), " "), strings.Join(wordList(stayWords()), " "), strings.Join(wordList(changeWords()), " "),
		}, " "),
		"../docs/candidate.md": strings.Join([]string{
			candidateFileKeys, candidateKeys, harnessKeys, tlsFileKeys, identityKeys, limitKeys, safetyKeys, listenerKeys, endpointKeys,
		}, " "),
	} {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, word := range strings.Fields(words) {
			require.Regexp(t, `\b`+regexp.QuoteMeta(word)+`\b`, string(text), "%s does not speak of it", file)
		}
	}
}

// wordList names keys by their last part: patient.sex is explained as sex.
func wordList(words map[string]word) []string {
	var list []string
	for key := range words {
		parts := strings.Split(key, ".")
		list = append(list, parts[len(parts)-1])
	}
	return list
}
