{{/* What the values mean. Upstream's two key styles become one here: JSON, to be read with fromJson. */}}

{{/* Of two maps the values that are there (neither absent nor null); the first map wins key by key. */}}
{{- define "amko.merged" -}}
{{- $merged := dict -}}
{{- range $map := list .second .first -}}
  {{- range $key, $value := ($map | default dict) -}}
    {{- if not (kindIs "invalid" $value) -}}
      {{- $_ := set $merged $key $value -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- toJson $merged -}}
{{- end -}}

{{/* Contexts of the member clusters: {contexts: […]}. */}}
{{- define "amko.members" -}}
{{- $contexts := list -}}
{{- range .Values.configs.memberClusters -}}
  {{- $contexts = append $contexts .clusterContext -}}
{{- end -}}
{{- dict "contexts" $contexts | toJson -}}
{{- end -}}

{{/* The AMKOCluster's place: {currentCluster, currentClusterIsLeader, memberClusters}. Values written before there was a
federation name no cluster: then this one is the first of the members. */}}
{{- define "amko.federation" -}}
{{- $members := (include "amko.members" . | fromJson).contexts -}}
{{- $given := include "amko.merged" (dict "first" .Values.federation "second" .Values.configs.federation) | fromJson -}}
{{- $current := $given.currentCluster | default (first $members | default "") -}}
{{- $leads := true -}}
{{- if hasKey $given "currentClusterIsLeader" -}}
  {{- $leads = $given.currentClusterIsLeader -}}
{{- end -}}
{{- $clusters := $given.memberClusters | default $members -}}
{{- if not (or $given.memberClusters (has $current $clusters)) -}}
  {{- $clusters = append $clusters $current -}}
{{- end -}}
{{- dict "currentCluster" $current "currentClusterIsLeader" $leads "memberClusters" $clusters | toJson -}}
{{- end -}}

{{/* Not empty when the release holds gc-1 and global-gdp: always on the leader. */}}
{{- define "amko.hasOwnConfiguration" -}}
{{- $given := include "amko.merged" (dict "first" .Values.federation "second" .Values.configs.federation) | fromJson -}}
{{- if or (not $given.copiesFromLeader) (include "amko.federation" . | fromJson).currentClusterIsLeader -}}
true
{{- end -}}
{{- end -}}

{{/* A selector. `{label: {key: app, value: gslb}}` means `{label: {app: gslb}}`. */}}
{{- define "amko.selector" -}}
{{- $label := .label | default dict -}}
{{- if and (eq (len $label) 2) (hasKey $label "key") (hasKey $label "value") -}}
  {{- $label = dict (toString $label.key) $label.value -}}
{{- end -}}
{{- $strings := dict -}}
{{- range $key, $value := $label -}}
  {{- $_ := set $strings $key (toString $value) -}}
{{- end -}}
{{- dict "label" $strings | toJson -}}
{{- end -}}

{{/* The spec of the GlobalDeploymentPolicy. */}}
{{- define "amko.policy" -}}
{{- $given := include "amko.merged" (dict "first" .Values.globalDeploymentPolicy "second" .Values.gdpConfig) | fromJson -}}
{{- $rules := dict -}}
{{- range $kind := list "appSelector" "namespaceSelector" -}}
  {{- with index $given $kind -}}
    {{- $selector := include "amko.selector" . | fromJson -}}
    {{- if $selector.label -}}
      {{- $_ := set $rules $kind $selector -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- $named := $given.matchClusters -}}
{{- if kindIs "invalid" $named -}}
  {{- $named = (include "amko.members" . | fromJson).contexts -}}
{{- end -}}
{{- $clusters := list -}}
{{- range $named -}}
  {{- $clusters = append $clusters (ternary (dict "cluster" .) . (kindIs "string" .)) -}}
{{- end -}}
{{- $spec := omit $given "appSelector" "namespaceSelector" -}}
{{- $_ := set $spec "matchRules" $rules -}}
{{- $_ = set $spec "matchClusters" $clusters -}}
{{- toJson $spec -}}
{{- end -}}

{{/* Name of the Secret with the credentials for the controller. */}}
{{- define "amko.credentials" -}}
{{- .Values.gslbLeaderCredentials.existingSecret | default "gslb-avi-secret" -}}
{{- end -}}
