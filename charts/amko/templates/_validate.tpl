{{/* What a schema cannot say of the values. All that is wrong is told at once. */}}
{{- define "amko.validate" -}}
{{- $wrong := list -}}
{{- $configs := .Values.configs -}}
{{- $login := .Values.gslbLeaderCredentials -}}
{{- $members := (include "amko.members" . | fromJson).contexts -}}
{{- $federation := include "amko.federation" . | fromJson -}}
{{- $policy := include "amko.policy" . | fromJson -}}
{{- if not $configs.gslbLeaderController -}}
  {{- $wrong = append $wrong "configs.gslbLeaderController is not set: the address of the Avi controller that leads the GSLB" -}}
{{- end -}}
{{- if regexMatch "[/\\s]" (toString $configs.gslbLeaderController) -}}
  {{- $wrong = append $wrong (printf "configs.gslbLeaderController is %q: give the address alone, HOST or HOST:PORT, without scheme, path and white space" (toString $configs.gslbLeaderController)) -}}
{{- end -}}
{{- $image := .Values.image.repository -}}
{{- if regexMatch "(^avinetworks/amko|(^|/)ako/amko)$" $image -}}
  {{- $wrong = append $wrong (printf "image.repository is %s, the image of AMKO 2.2, which this chart cannot run: set it to where you keep the image of this operator" $image) -}}
{{- end -}}
{{- if not $members -}}
  {{- $wrong = append $wrong "configs.memberClusters is empty: the kubeconfig contexts of the member clusters, as [{clusterContext: NAME}]" -}}
{{- end -}}
{{- if not $login.existingSecret -}}
  {{- range $key := list "username" "password" -}}
    {{- if not (index $login $key) -}}
      {{- $wrong = append $wrong (printf "gslbLeaderCredentials.%s is not set; set it, or gslbLeaderCredentials.existingSecret" $key) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- range $key := list "username" "password" -}}
  {{- $value := index $login $key | default "" | toString -}}
  {{- if ne $value (trim $value) -}}
    {{- $wrong = append $wrong (printf "gslbLeaderCredentials.%s begins or ends with white space or a line break; take it out" $key) -}}
  {{- end -}}
{{- end -}}
{{- if not $policy.matchRules -}}
  {{- $wrong = append $wrong "globalDeploymentPolicy.appSelector and .namespaceSelector are not set: without a label nothing is selected" -}}
{{- end -}}
{{- if and $configs.amkoUUID (ne (len $configs.amkoUUID) 36) -}}
  {{- $wrong = append $wrong "configs.amkoUUID: AMKO-UUID length should be equal to 36." -}}
{{- end -}}
{{- if and $members $federation.currentClusterIsLeader (not (has $federation.currentCluster $federation.memberClusters)) -}}
  {{- $wrong = append $wrong (printf "federation.memberClusters lacks federation.currentCluster, %s" $federation.currentCluster) -}}
{{- end -}}
{{- $listed := (include "amko.merged" (dict "first" .Values.federation "second" .Values.configs.federation) | fromJson).memberClusters | default list -}}
{{- if and $members (not (has $federation.currentCluster (concat $members $listed))) -}}
  {{- $wrong = append $wrong (printf "federation.currentCluster, %s, is in neither configs.memberClusters nor federation.memberClusters: it is the context of the cluster that this is installed in" $federation.currentCluster) -}}
{{- end -}}
{{- if $members -}}
  {{- range $key := list "matchClusters" "trafficSplit" -}}
    {{- range index $policy $key -}}
      {{- if not (has .cluster $members) -}}
        {{- $wrong = append $wrong (printf "globalDeploymentPolicy.%s names %s, which is not in configs.memberClusters" $key .cluster) -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- if and $policy.healthMonitorRefs $policy.healthMonitorTemplate -}}
  {{- $wrong = append $wrong "globalDeploymentPolicy.healthMonitorRefs and .healthMonitorTemplate cannot be set together" -}}
{{- end -}}
{{- if $wrong -}}
  {{- fail (printf "\n\nThe values cannot be used:\n- %s\n" (join "\n- " $wrong)) -}}
{{- end -}}
{{- end -}}
