{{/* Short enough for "-master-", a revision and what Kubernetes adds for a pod, all within 63 characters. */}}
{{- define "llmload.fullname" -}}
{{- $name := .Release.Name -}}
{{- if not (contains .Chart.Name $name) }}{{ $name = printf "%s-%s" $name .Chart.Name }}{{ end -}}
{{- .Values.fullnameOverride | default $name | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* What never changes for a component of a release. Call with (list . "worker"); "run" is what all share. */}}
{{- define "llmload.selector" -}}
{{- $root := first . -}}
app.kubernetes.io/name: {{ $root.Chart.Name }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ last . }}
{{- end -}}

{{/* Pods of this run only: those of the run before may still be ending while it begins. */}}
{{- define "llmload.runSelector" -}}
{{ include "llmload.selector" . }}
llmload-run: {{ (first .).Release.Revision | quote }}
{{- end -}}

{{- define "llmload.labels" -}}
{{- $root := first . -}}
{{ include "llmload.selector" . }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "llmload.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}

{{- define "llmload.tokenSecret" -}}
{{ .Values.token.existingSecret | default (printf "%s-token" (include "llmload.fullname" .)) }}
{{- end -}}

{{- define "llmload.viewSecret" -}}
{{ .Values.api.viewSecret | default (printf "%s-view-token" (include "llmload.fullname" .)) }}
{{- end -}}

{{/* A Secret with a token that is made once. Call with (list . NAME). */}}
{{- define "llmload.madeToken" -}}
{{- $root := first . -}}
{{- $name := last . -}}
{{- $old := lookup "v1" "Secret" $root.Release.Namespace $name -}}
apiVersion: v1
kind: Secret
metadata:
  name: {{ $name }}
  labels: {{- include "llmload.labels" (list $root "run") | nindent 4 }}
type: Opaque
data:
  token: {{ dig "data" "token" (randAlphaNum 48 | b64enc) $old | quote }}
{{- end -}}

{{/* A variable that is a secret. Call with (list NAME SECRET KEY). */}}
{{- define "llmload.secretVariable" -}}
- name: {{ index . 0 }}
  valueFrom:
    secretKeyRef: {name: {{ index . 1 }}, key: {{ index . 2 }}}
{{- end -}}

{{- define "llmload.resultsClaim" -}}
{{- if .Values.results.existingClaim -}}
{{ .Values.results.existingClaim }}
{{- else if .Values.results.size -}}
{{ include "llmload.fullname" . }}-results
{{- end -}}
{{- end -}}

{{/* Requests = limits: the class Guaranteed. Call with a component's values. */}}
{{- define "llmload.resources" -}}
requests: {cpu: {{ .cpu }}, memory: {{ .memory }}}
limits: {cpu: {{ .cpu }}, memory: {{ .memory }}}
{{- end -}}

{{/* Of every pod. */}}
{{- define "llmload.podSecurity" -}}
serviceAccountName: {{ include "llmload.fullname" . }}
automountServiceAccountToken: false
{{- /* A service's variables would begin with LLMLOAD_ too, and be taken for options. */}}
enableServiceLinks: false
{{- with .Values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: {{ .Values.runAsUser }}
  runAsGroup: {{ .Values.runAsGroup }}
  fsGroup: {{ .Values.runAsGroup }}
  seccompProfile:
    type: RuntimeDefault
{{- end -}}

{{/* Of every container. */}}
{{- define "llmload.container" -}}
image: {{ include "llmload.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
{{- end -}}

{{/* A pod that is moved while it measures spoils the run. Call with a component's values. */}}
{{- define "llmload.annotations" -}}
{{- $keep := dict "cluster-autoscaler.kubernetes.io/safe-to-evict" "false" "karpenter.sh/do-not-disrupt" "true" -}}
{{- merge (deepCopy .podAnnotations) $keep | toYaml -}}
{{- end -}}

{{/* The mounts of master and workers. */}}
{{- define "llmload.mounts" -}}
- {name: token, mountPath: /run/secrets/llmload, readOnly: true}
- {name: tmp, mountPath: /tmp}
{{- with .Values.volumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "llmload.volumes" -}}
- name: token
  secret:
    secretName: {{ include "llmload.tokenSecret" . }}
    defaultMode: 0440
- name: tmp
  emptyDir: {}
{{- with .Values.volumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}
