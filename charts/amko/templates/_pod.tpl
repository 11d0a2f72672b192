{{/* Lists of the pod that may be empty. Where they are, nothing comes of them. */}}

{{- define "amko.env" -}}
{{- $env := list -}}
{{- if .Values.multiClusterIngress.enable -}}
  {{- $env = append $env (dict "name" "MCI_ENABLED" "value" "true") -}}
{{- end -}}
{{- with concat $env (.Values.extraEnv | default list) -}}
{{- toYaml . -}}
{{- end -}}
{{- end -}}

{{- define "amko.volumeMounts" -}}
{{- $mounts := list -}}
{{- if .Values.membersSecret.asFile -}}
  {{- $mounts = append $mounts (dict "name" "members" "mountPath" "/etc/amko/members" "readOnly" true) -}}
{{- end -}}
{{- with concat $mounts (.Values.extraVolumeMounts | default list) -}}
{{- toYaml . -}}
{{- end -}}
{{- end -}}

{{- define "amko.volumes" -}}
{{- $volumes := list -}}
{{- if .Values.membersSecret.asFile -}}
  {{- $volumes = append $volumes (dict "name" "members" "secret" (dict "secretName" .Values.membersSecret.name)) -}}
{{- end -}}
{{- with concat $volumes (.Values.extraVolumes | default list) -}}
{{- toYaml . -}}
{{- end -}}
{{- end -}}
