{{/* Names and labels. The names of objects are those of upstream's chart and do not follow the release's. */}}

{{- define "amko.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "amko.selectorLabels" -}}
app.kubernetes.io/name: {{ include "amko.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "amko.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "amko.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{- define "amko.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
amko-sa
{{- else -}}
{{- .Values.serviceAccount.name | default "amko-sa" -}}
{{- end -}}
{{- end -}}

{{- define "amko.image" -}}
{{- printf "%s:%s" .Values.image.repository (toString (.Values.image.tag | default .Chart.AppVersion)) -}}
{{- end -}}

{{/* Annotation of what `helm uninstall` leaves. */}}
{{- define "amko.kept" -}}
{{- if .Values.keepOnUninstall -}}
helm.sh/resource-policy: keep
{{- end -}}
{{- end -}}

{{/* What an API server does not let change of a StatefulSet: as it is, so that a release of another chart or version can
be upgraded in place. Parallel: otherwise a pod that never gets ready would keep its own repair from being rolled out. */}}
{{- define "amko.immutable" -}}
{{- $selector := include "amko.selectorLabels" . | fromYaml -}}
{{- $present := (lookup "apps/v1" "StatefulSet" .Release.Namespace "amko" | default dict).spec | default dict -}}
{{- with ($present.selector | default dict).matchLabels -}}
  {{- $selector = . -}}
{{- end -}}
serviceName: {{ $present.serviceName | default "amko" }}
podManagementPolicy: {{ $present.podManagementPolicy | default (ternary "OrderedReady" "Parallel" (not (empty $present))) }}
selector:
  matchLabels: {{- toYaml $selector | nindent 4 }}
{{- end -}}
